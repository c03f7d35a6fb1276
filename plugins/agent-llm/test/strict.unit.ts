import type { Json } from '@reprise/core/plugin';
import { BIDDER_SCHEMA } from '@reprise/scheduler-autonomous';
import { MANAGER_REPLY_SCHEMA } from '@reprise/scheduler-hierarchical';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { isStrict } from '../src/strict.ts';

const object = (properties: Json, more: object = {}): Json => ({
  type: 'object',
  properties,
  required: Object.keys(properties as object),
  additionalProperties: false,
  ...more,
});
const TEXT = { type: 'string' };

describe('a schema that servers may promise to keep', () => {
  const cases: readonly (readonly [string, Json, boolean])[] = [
    ['all required, nothing else', object({ a: TEXT, b: { type: ['number', 'null'] }, c: { enum: ['x'] } }), true],
    [
      'nested, with lists and choices',
      object({ a: { type: 'array', items: { anyOf: [object({ b: TEXT }), { type: 'null' }] } } }),
      true,
    ],
    ['a member that may be left out', object({ a: TEXT }, { required: [] }), false],
    ['further members', object({ a: TEXT }, { additionalProperties: true }), false],
    ['no word about further members', { type: 'object', properties: { a: TEXT }, required: ['a'] }, false],
    ['a member of any type', object({ a: { description: 'whatever' } }), false],
    ['a list of anything', object({ a: { type: 'array' } }), false],
    ['an object that may be null, and is open', object({ a: { type: ['object', 'null'] } }), false],
    ['one choice of any type', object({ a: { anyOf: [TEXT, {}] } }), false],
    ['a definition that is open', object({ a: { $ref: '#/$defs/b' } }, { $defs: { b: { type: 'object' } } }), false],
    ['no schema', true, false],
    ['that of managers: results are whatever they are', MANAGER_REPLY_SCHEMA, false],
    ['that of bidders, as well', BIDDER_SCHEMA, false],
  ];
  for (const [what, schema, strict] of cases)
    it(`${strict ? 'is' : 'is not'} one: ${what}`, () => expect(isStrict(schema)).to.equal(strict));
});
