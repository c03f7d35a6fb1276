import { readdirSync, readFileSync } from 'node:fs';
import type { JsonObject } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import * as channels from '../../core/src/orchestration/messaging/channels.ts';
import { asyncapi } from '../../scripts/protocol/asyncapi.ts';
import { documents } from '../../scripts/protocol/documents.ts';
import { messagesSchema } from '../../scripts/protocol/messages-schema.ts';
import { asyncApiValidator, compile7, compile2020, problemOf } from './support/official.ts';

const FOLDER = new URL('../../docs/protocol/', import.meta.url);

/** Every `$ref` of a document that leads nowhere in it. */
function deadReferences(document: unknown): readonly string[] {
  const at = (reference: string): unknown =>
    reference
      .slice('#/'.length)
      .split('/')
      .reduce<unknown>((value, key) => (value as JsonObject | undefined)?.[key], document);
  const walk = (value: unknown): readonly string[] =>
    typeof value !== 'object' || value === null
      ? []
      : Object.entries(value).flatMap(([key, one]) =>
          key === '$ref' && typeof one === 'string' ? (at(one) === undefined ? [one] : []) : walk(one),
        );
  return walk(document);
}

describe('The documents of docs/protocol', () => {
  it('are what the code says (npm run protocol)', () => {
    const texts = documents();
    expect(readdirSync(FOLDER).sort()).to.deep.equal(Object.keys(texts).sort());
    for (const [name, text] of Object.entries(texts))
      expect(readFileSync(new URL(name, FOLDER), 'utf8') === text, `${name}: npm run protocol`).to.equal(true);
  });

  it('messages.schema.json is JSON Schema 2020-12', () => {
    expect(() => compile2020(messagesSchema())).to.not.throw();
    expect(() => compile2020({ ...messagesSchema(), required: 'id' })).to.throw();
    expect(() => compile2020({ ...messagesSchema(), requires: ['id'] })).to.throw(/unknown keyword/);
  });

  describe('asyncapi.json', () => {
    it('is AsyncAPI 3.0', () => {
      const validate = asyncApiValidator();
      expect(problemOf(validate, asyncapi())).to.equal(undefined);
      const { info: _, ...nameless } = asyncapi();
      expect(problemOf(validate, nameless)).to.be.a('string');
      expect(problemOf(validate, { ...asyncapi(), channels: { agents: { adress: 'x' } } })).to.be.a('string');
    });

    it('refers to nothing that is not there', () => {
      expect(deadReferences(asyncapi())).to.deep.equal([]);
      expect(deadReferences({ a: { $ref: '#/b' } })).to.deep.equal(['#/b']);
    });

    it('has payloads and headers that are JSON Schema of draft 7', () => {
      const { components } = asyncapi() as {
        readonly components: {
          readonly messages: Readonly<Record<string, { readonly payload: JsonObject; readonly headers: JsonObject }>>;
          readonly schemas: Readonly<Record<string, JsonObject>>;
        };
      };
      const inlined = (schema: unknown): unknown => {
        if (Array.isArray(schema)) return schema.map(inlined);
        if (typeof schema !== 'object' || schema === null) return schema;
        if ('$ref' in schema) return components.schemas[String(schema.$ref).split('/').at(-1) ?? ''];
        return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, inlined(value)]));
      };
      const messages = Object.values(components.messages);
      expect(messages).to.have.lengthOf(16);
      for (const { payload, headers } of messages) {
        expect(() => compile7(inlined(payload) as JsonObject)).to.not.throw();
        expect(() => compile7(inlined(headers) as JsonObject)).to.not.throw();
      }
      expect(() => compile7({ ...components.schemas['abort'], type: 'thing' })).to.throw();
    });

    it('has every channel that there is', () => {
      const { COMMAND_GROUP: _group, ...all } = channels;
      const addresses = Object.values(all).map((channel) =>
        typeof channel === 'string' ? channel : channel(`{${channel('').split('.').at(-2)}}`),
      );
      const written = Object.values((asyncapi() as { channels: Record<string, { address: string }> }).channels);
      expect(written.map(({ address }) => address).sort()).to.deep.equal(addresses.sort());
    });
  });
});
