import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { ROOT } from './support/tools.ts';

interface Manifest {
  readonly name: string;
  readonly files: readonly string[];
  readonly reprise?: Readonly<Record<string, unknown>>;
}

interface Schema {
  readonly type: string;
  readonly additionalProperties: boolean;
  readonly required?: readonly string[];
  readonly properties: Readonly<
    Record<
      string,
      { readonly default?: unknown; readonly description?: string; readonly examples?: readonly unknown[] }
    >
  >;
}

/** What has to be given, as the schema shows it. */
const givenOf = ({ required = [], properties }: Schema): Readonly<Record<string, unknown>> =>
  Object.fromEntries(required.map((name) => [name, properties[name]?.examples?.[0]]));

type Resolve = (options: unknown) => Readonly<Record<string, unknown>>;

const read = <Value>(file: string): Value => JSON.parse(readFileSync(file, 'utf8')) as Value;

/** What checks the options, and fills in their defaults: the one function of options.ts whose name begins so. */
async function resolverOf(folder: string): Promise<Resolve> {
  const module = (await import(pathToFileURL(join(folder, 'src', 'options.ts')).href)) as Record<string, unknown>;
  const [name = ''] = Object.keys(module).filter((key) => key.startsWith('resolve'));
  return module[name] as Resolve;
}

describe('plugins of ours', () => {
  for (const folder of globSync('plugins/*', { cwd: ROOT }).map((path) => join(ROOT, path))) {
    if (!existsSync(join(folder, 'package.json'))) continue;
    const { name, files, reprise } = read<Manifest>(join(folder, 'package.json'));
    if (reprise === undefined) continue; // no plugin: a program that the command line brings
    const schema = read<Schema>(join(folder, 'options.schema.json'));

    it(`${name} says what it is, and ships the schema of its options`, () => {
      expect(reprise).to.include({ entry: '.', options: './options.schema.json' });
      expect(reprise).to.include.keys('kind', 'core');
      expect(reprise['declares']).to.have.all.keys('network', 'files', 'processes');
      expect(files).to.include('options.schema.json');
    });

    it(`${name} has the defaults that its schema tells`, async () => {
      const resolve = await resolverOf(folder);
      const given = givenOf(schema);
      const told = Object.entries(schema.properties).map(([key, { default: value }]) => [key, value]);
      const defaults = Object.fromEntries(told.filter(([, value]) => value !== undefined));
      expect(resolve(given)).to.deep.include(defaults);
      if (Object.keys(given).length === 0) expect(resolve({})).to.deep.equal(Object.fromEntries(told));
      expect(resolve({ ...given, ...defaults })).to.deep.equal(resolve(given));
    });

    it(`${name} knows the options of its schema, and no others`, async () => {
      const resolve = await resolverOf(folder);
      expect(schema).to.include({ type: 'object', additionalProperties: false });
      expect(() => resolve({ noSuchOption: 1 })).to.throw(Object.keys(schema.properties).join(', '));
      for (const { description } of Object.values(schema.properties)) expect(description).to.be.a('string');
    });
  }
});
