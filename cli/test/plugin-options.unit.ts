import { isRepriseError } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { readPackageSays } from '../src/config/package-says.ts';
import type { Options } from '../src/config/package-schema.ts';
import { askOptions } from '../src/plugins/ask-options.ts';
import { coreProblem } from '../src/plugins/core-range.ts';
import { optionsOfFlags } from '../src/plugins/option-flags.ts';
import { checkOptions, withDefaults } from '../src/plugins/option-schema.ts';

const schema = {
  type: 'object',
  required: ['channel'],
  properties: {
    retries: { type: 'integer', default: 3 },
    channel: { type: 'string' },
    token: { type: 'string', writeOnly: true },
    http: { type: 'object', additionalProperties: false, properties: { port: { type: 'integer', default: 80 } } },
  },
};

/** Answers one after the other; undefined is the end of the input. */
function answering(...answers: readonly string[]) {
  const left = answers.values();
  const asked: string[] = [];
  return {
    asked,
    ask: async (question: string): Promise<string | undefined> => {
      asked.push(question);
      return left.next().value;
    },
    close: () => undefined,
  };
}

function refusalOf(options: Options): string {
  try {
    checkOptions('@acme/x', schema, options);
  } catch (error) {
    if (isRepriseError(error, 'REPRISE_PLUGIN_OPTIONS_INVALID')) return error.message;
    throw error;
  }
  throw new Error('they were accepted');
}

describe('options of a plugin', () => {
  it('are asked for, what must be given first, and until it is', async () => {
    const asker = answering('', '42', '', 'SLACK_TOKEN', '{"port":1}');
    expect(await askOptions(asker, schema, {}, false)).to.deep.equal({
      channel: '42',
      token: { env: 'SLACK_TOKEN' },
      http: { port: 1 },
    });
    expect(asker.asked[0]).to.contain('channel').and.to.contain('must be given');
    expect(asker.asked[2]).to.contain('Enter: 3');
    expect(asker.asked[3]).to.contain('environment variable');
  });

  it('are not asked for when they are given, or only those that must be', async () => {
    const asker = answering('#runs');
    expect(await askOptions(asker, schema, { retries: 1 }, true)).to.deep.equal({ retries: 1, channel: '#runs' });
    expect(await askOptions(answering(), schema, {}, true)).to.equal(undefined);
  });

  it('are filled with defaults, within what is given, too', () => {
    expect(withDefaults(schema, { channel: 'x', http: {} })).to.deep.equal({
      channel: 'x',
      retries: 3,
      http: { port: 80 },
    });
    expect(withDefaults(schema, { http: { env: 'X' } })).to.deep.equal({ retries: 3, http: { env: 'X' } });
  });

  it('are checked, with their places', () => {
    expect(refusalOf({})).to.contain('--option channel=<string>');
    expect(refusalOf({ channel: 3 })).to.contain('channel: ');
    expect(refusalOf({ channel: 'x', http: { prt: 1 } })).to.contain('no option http.prt');
    expect(() => checkOptions('@acme/x', schema, { channel: 'x', more: 1 })).not.to.throw();
  });

  it('of a schema that cannot be used are refused', () => {
    const broken = { ...schema, properties: { channel: { $ref: '#/nowhere' } } };
    expect(() => checkOptions('@acme/x', broken, { channel: 'x' })).to.throw('schema of @acme/x cannot be used');
  });

  it('from flags reach into objects, and into no prototype', async () => {
    const flags = { option: ['a.b=1', 'a.c=true', 'text=1 2', 'list=[1]', 'empty='], options: '{"a":{"z":0}}' };
    expect(await optionsOfFlags(flags, '.')).to.deep.equal({
      a: { z: 0, b: 1, c: true },
      text: '1 2',
      list: [1],
      empty: '',
    });
    for (const option of ['__proto__.x=1', 'a.__proto__.x=1', '=1', 'a..b=1', 'text']) {
      const refused = await optionsOfFlags({ option: [option] }, '.').catch((error: unknown) => error);
      expect(isRepriseError(refused, 'REPRISE_USAGE'), option).to.equal(true);
    }
    expect(({} as { x?: unknown }).x).to.equal(undefined);
  });
});

describe('what a package says of itself', () => {
  it('is data: what cannot be used is told', () => {
    const says = readPackageSays({
      name: 'x',
      version: 3,
      reprise: {
        kind: ['monitor', 'moniter'],
        entry: '../out',
        options: '../../etc/passwd',
        declares: { network: 'all' },
      },
    });
    expect(says).to.deep.include({ kinds: ['monitor'], entry: '.', options: undefined, version: '' });
    expect(says.problems).to.have.length(5);
    for (const odd of [null, 3, [], { reprise: 'x' }]) expect(readPackageSays(odd).kinds).to.deep.equal([]);
  });

  for (const [range, core, fits] of [
    ['>=0.1.0', '0.1.0', true],
    ['>=0.2.0', '0.1.9', false],
    ['^0.1.0', '0.2.0', false],
    ['^1.2.0', '1.9.0', true],
    ['~1.2.3', '1.3.0', false],
    ['>=0.1.0 <0.3.0', '0.2.5', true],
    ['0.1.0 || ^1.0.0', '1.4.0', true],
    ['latest', '1.0.0', true],
  ] as const) {
    it(`${core} ${fits ? 'fits' : 'does not fit'} ${range}`, () => {
      expect(coreProblem(range, core) === undefined).to.equal(fits);
    });
  }
});
