import { readFileSync } from 'node:fs';
import {
  decodeEvent,
  EVENT_VERSIONS,
  encodeEvent,
  isTerminal,
  type Json,
  type RecordedEvent,
  type RunEvent,
} from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { evolve } from '../../src/orchestration/workflow/evolve.ts';
import { initialState } from '../../src/orchestration/workflow/state.ts';
import { type Field, pathOf, readSourceTypes, sourceTypes } from './event-types.ts';
import { readSections, type Section } from './events-page.ts';

// docs/reference/events.md says of every event what the source says.

const PAGE = readFileSync(pathOf('docs/reference/events.md'), 'utf8');
const SOURCE = readSourceTypes('core/src/orchestration/workflow/events.ts');
const ERRORS = readSourceTypes('core/src/shared/errors.ts');
const SOURCES = readSourceTypes('core/src/orchestration/workflow/sources/source.ts');
/** Structures that fields of events are of. */
const structure = (name: string) => ERRORS.interfaces.get(name) ?? SOURCES.interfaces.get(name);

/** Fields that every event has: the heading says the type, the page's first chapter the time. */
const COMMON: ReadonlySet<string> = new Set(['type', 'at']);

const show = ({ name, type, optional }: Field): string => `${name}${optional ? '?' : ''}: ${type}`;

const ownFields = (fields: readonly Field[] | undefined): string[] =>
  (fields ?? []).filter(({ name }) => !COMMON.has(name)).map(show);

/** Where the page and the source differ. */
function differences(page: string, source = SOURCE): readonly string[] {
  const sections = readSections(page);
  const events = source.unions.get('RunEvent') ?? [];
  const structures = [...sections.keys()].filter((title) => !(title in EVENT_VERSIONS));
  const found = [
    ...events.filter((name) => !sections.has(name)).map((name) => `${name} is not on the page`),
    ...structures
      .filter((name) => !source.interfaces.has(name) && structure(name) === undefined)
      .map((name) => `${name} is not in the source`),
  ];
  for (const [name, section] of sections) {
    const said = section.fields.map(show);
    const fields = source.interfaces.get(name) ?? structure(name);
    const is = name in EVENT_VERSIONS ? ownFields(fields) : (fields ?? []).map(show);
    if (JSON.stringify(said) !== JSON.stringify(is)) found.push(`${name}: ${said.join(', ')} is not ${is.join(', ')}`);
  }
  return found;
}

/** Why an example does not have the type that the page gives to a field; undefined when it does, or the type is a name. */
function mismatch(type: string, value: Json | undefined): string | undefined {
  const holds: Readonly<Record<string, boolean>> = {
    string: typeof value === 'string',
    number: typeof value === 'number',
    boolean: typeof value === 'boolean',
    'Json[]': Array.isArray(value),
    ErrorData: hasFields('ErrorData', value),
    Lineage: hasFields('Lineage', value),
    ParentTask: hasFields('ParentTask', value),
    Via: SOURCE.unions.get('Via')?.includes(`'${String(value)}'`) === true,
  };
  const literals = /^('[\w-]+'( \| )?)+$/.test(type) ? [...type.matchAll(/'([\w-]+)'/g)].map(([, one]) => one) : [];
  const fits = literals.length > 0 ? literals.includes(String(value)) : (holds[type] ?? true);
  return fits ? undefined : `${JSON.stringify(value)} is no ${type}`;
}

const isObject = (value: Json | undefined): value is { readonly [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function hasFields(structure: string, value: Json | undefined): boolean {
  const fields = readSections(PAGE).get(structure)?.fields ?? [];
  if (!isObject(value) || fields.length === 0) return false;
  const known = fields.every(({ name, type, optional }) =>
    Object.hasOwn(value, name) ? mismatch(type, value[name]) === undefined : optional,
  );
  return known && Object.keys(value).every((key) => fields.some(({ name }) => name === key));
}

const eventSections = (): Section[] => [...readSections(PAGE).values()].filter(({ title }) => title in EVENT_VERSIONS);

describe('the page of events', () => {
  it('has every event and structure, with the fields, types and optionality of the source', () => {
    expect(SOURCE.unions.get('RunEvent')).to.have.members(Object.keys(EVENT_VERSIONS));
    expect(differences(PAGE)).to.deep.equal([]);
  });

  for (const section of eventSections()) {
    const { title } = section;
    describe(title, () => {
      const example = section.example as { readonly [key: string]: Json };

      it('says what it means, what each field means, and its version', () => {
        expect(section.meaning).to.have.length.above(15);
        for (const field of section.fields) expect(field.meaning, field.name).to.match(/^[A-Z`0-9].{4,}\.$/);
        expect(section.version).to.equal(EVENT_VERSIONS[title as RunEvent['type']]);
      });

      it('has an example of that type, with known fields of the right types', () => {
        expect(example['type']).to.equal(title);
        expect(example['at']).to.be.a('number');
        for (const { name, type, optional } of section.fields) {
          if (!Object.hasOwn(example, name)) expect(optional, `${name} is missing`).to.equal(true);
          else expect(mismatch(type, example[name]), name).to.equal(undefined);
        }
        const known = [...COMMON, ...section.fields.map(({ name }) => name)];
        expect(known).to.include.members(Object.keys(example));
      });

      it('has an example that comes back from a store as it was', () => {
        const event = example as unknown as RunEvent;
        const stored = JSON.parse(JSON.stringify(encodeEvent(event))) as ReturnType<typeof encodeEvent>;
        expect(decodeEvent(stored)).to.deep.equal(example);
        expect(stored).to.have.all.keys('type', 'time', 'data', 'metadata');
        expect(stored.data).to.not.have.any.keys('type', 'at');
      });

      it('is terminal or not, as the page says', () => {
        const state = initialState();
        const start = readSections(PAGE).get('RunStarted')?.example;
        if (title !== 'RunStarted') evolve(state, start as unknown as RunEvent);
        evolve(state, example as unknown as RunEvent);
        expect(isTerminal(state.status)).to.equal(section.terminal);
        expect(section.fields.some(({ name }) => name === 'stateDigest')).to.equal(section.terminal);
      });
    });
  }

  it('says of every place that an output may be from what it is', () => {
    const [, meaning = ''] = /^- `Via` says([\s\S]*?)\n(?=- |\n)/m.exec(PAGE) ?? [];
    const said = [...meaning.matchAll(/`([a-z-]+)`(?=\s+\(|,)/g)].map(([, via]) => `'${via}'`);
    expect(SOURCE.unions.get('Via')).to.have.length.above(10);
    expect(said).to.deep.equal(SOURCE.unions.get('Via'));
  });

  it('shows the stored form as it is', () => {
    const [event, stored] = [...PAGE.matchAll(/^```json\n([\s\S]*?)^```$/gm)].map(
      ([, text = '']) => JSON.parse(text) as unknown,
    ) as [RunEvent, RecordedEvent];
    const { type, time, data, metadata } = stored;
    const encoded = encodeEvent(event);
    expect({ type, time, data }).to.deep.equal({ type: encoded.type, time: encoded.time, data: encoded.data });
    expect(metadata).to.include(encoded.metadata).and.have.all.keys('causationId', 'correlationId', 'schemaVersion');
    expect(stored.id).to.match(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  describe('is told', () => {
    const cases: Readonly<Record<string, readonly [string, string, RegExp]>> = {
      'a field too few': [
        '- `worker: string`',
        '- `worke: string`',
        /^TaskStarted: .*worke: string is not .*worker: string/,
      ],
      'a field too many': ['- `round: number`', '- `more: number`: More of it.\n- `round: number`', /^TasksReset/],
      'another type': ['- `from: number`', '- `from: string`', /^TaskExpanded/],
      'another optionality': ['- `retryAt?: number`', '- `retryAt: number`', /^TaskAttemptFailed/],
      'an event too few': ['### TaskFellBack', '#### TaskFellBack', /^TaskFellBack is not on the page/],
      'an event too many': [
        '## Types of fields',
        '### TaskLost\n\nGone.\n\n## Types of fields',
        /^TaskLost is not in the source/,
      ],
    };
    for (const [what, [from, to, message]] of Object.entries(cases)) {
      it(`of ${what}`, () => {
        const changed = PAGE.replace(from, to);
        expect(changed).to.not.equal(PAGE);
        expect(differences(changed).some((difference) => message.test(difference))).to.equal(true);
      });
    }

    it('of a new field, and a new event, in the source', () => {
      const source = sourceTypes(
        `import 'x';\ninterface Base { readonly at: number }\nexport interface RunPaused extends Base {\n  // é\n  readonly commandId: string;\n  readonly by?: readonly string[];\n}\ninterface RunLost { readonly type: 'RunLost' }\nexport type RunEvent = | RunPaused | RunLost;\n`,
      );
      expect(source.interfaces.get('RunPaused')?.map(show)).to.deep.equal([
        'at: number',
        'commandId: string',
        'by?: string[]',
      ]);
      expect(differences(PAGE, source)).to.include('RunLost is not on the page');
      expect(differences(PAGE, source)).to.include(
        "RunPaused: commandId: string, by?: 'parent', reason?: string is not commandId: string, by?: string[]",
      );
    });
  });
});
