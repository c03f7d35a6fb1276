import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EVENT_VERSIONS } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { type Field, type Interface, interfacesOf } from './support/interfaces.ts';
import { ROOT } from './support/tools.ts';

const EVENTS = join(ROOT, 'core/src/orchestration/workflow/events.ts');
const ERRORS = join(ROOT, 'core/src/shared/errors.ts');

interface Section {
  readonly text: string;
  readonly fields: readonly Field[];
}

/** The `###` sections of the page, by heading. */
function documented(): ReadonlyMap<string, Section> {
  const page = readFileSync(join(ROOT, 'docs/reference/events.md'), 'utf8');
  const sections = page.split(/^(?=##+ )/m).filter((section) => section.startsWith('### '));
  return new Map(
    sections.map((text) => {
      const rows = [...text.matchAll(/^\| `([^`]+)` \| `([^`]+)` \| (\S.*) \|$/gm)];
      const fields = rows.map(([, name = '', type = '']) => ({ name, type: type.replaceAll('\\|', '|') }));
      return [/^### (\S+)/.exec(text)?.[1] ?? '', { text, fields }];
    }),
  );
}

/** The fields of an event as they are stored in `data`: all but `type` and `at`. */
const dataOf = (event: Interface | undefined): readonly Field[] =>
  event?.fields.filter(({ name }) => name !== 'type') ?? [];

describe('docs/reference/events.md', () => {
  const sections = documented();
  const events = interfacesOf(EVENTS);

  it('has a section for every event, and for nothing else', () => {
    const shapes = ['Lineage', 'ErrorData'];
    expect([...sections.keys()].sort()).to.deep.equal([...Object.keys(EVENT_VERSIONS), ...shapes].sort());
  });

  it('knows all that an event consists of', () => {
    expect(events.get('EventBase')?.fields).to.deep.equal([{ name: 'at', type: 'number' }]);
    for (const type of Object.keys(EVENT_VERSIONS))
      expect(events.get(type)?.extends, type).to.deep.equal(['EventBase']);
  });

  for (const [type, version] of Object.entries(EVENT_VERSIONS)) {
    it(`has ${type} with its version and every field, in order, with its type and a meaning`, () => {
      expect(sections.get(type)?.text).to.contain(`\nVersion ${version}. `);
      expect(sections.get(type)?.fields).to.deep.equal(dataOf(events.get(type)));
    });
  }

  it('has the shapes that they share', () => {
    expect(sections.get('Lineage')?.fields).to.deep.equal(events.get('Lineage')?.fields);
    expect(sections.get('ErrorData')?.fields).to.deep.equal(interfacesOf(ERRORS).get('ErrorData')?.fields);
  });
});
