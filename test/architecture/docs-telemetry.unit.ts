import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ATTRIBUTES, INSTRUMENTS, SPAN_EVENTS } from '@reprise/core/plugin';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { ROOT } from './support/tools.ts';

// docs/telemetry.md says what each span, attribute, event and metric is: all that there are, and no others.

const page = readFileSync(join(ROOT, 'docs', 'telemetry.md'), 'utf8');

/** What stands under a heading, up to the next. */
const section = (heading: string): string => page.split(new RegExp(`^#+ ${heading}$`, 'm'))[1]?.split(/^#+ /m)[0] ?? '';

/** Names in the first column of the tables of a section. */
const firstColumn = (heading: string): readonly string[] =>
  section(heading)
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .flatMap((line) => [...(line.split(' | ')[0] ?? '').matchAll(/`([^`]+)`/g)].map(([, name = '']) => name));

describe('docs/telemetry.md', () => {
  it('says what each attribute is', () => {
    expect([...firstColumn('Attributes')].sort()).to.deep.equal(Object.values(ATTRIBUTES).sort());
  });

  it('says when each event of a span is', () => {
    expect([...firstColumn('Events of spans')].sort()).to.deep.equal(Object.values(SPAN_EVENTS).sort());
  });

  it('says what each metric is, as it says itself', () => {
    const rows = Object.values(INSTRUMENTS).map(
      ({ name, kind, unit, description }) => `| \`${name}\` | ${kind} | \`${unit}\` | ${description} |`,
    );
    const told = section('Metrics')
      .split('\n')
      .filter((line) => line.startsWith('| `'));
    expect(told).to.deep.equal(rows);
  });

  it('says what each span and link is', () => {
    const sources = ['run-spans', 'task-spans', 'message-spans', 'span-tree', 'detail-spans'].map((file) =>
      readFileSync(join(ROOT, 'plugins', 'monitor-opentelemetry', 'src', 'spans', `${file}.ts`), 'utf8'),
    );
    const spans = sources.flatMap((text) => [
      ...text.matchAll(/[`'](run|task|invoke_agent|child run|send|receive|process|decision|publish|append)(?=[ ,'`])/g),
    ]);
    for (const [, name = ''] of spans) expect(section('Spans'), name).to.match(new RegExp(`\`${name}[ ,\`]`));
    const links = sources.flatMap((text) =>
      [...text.matchAll(/linkTo\([^;]*?'([a-z ]+)'(?: : '([a-z ]+)')?\)/g)].flatMap(([, one, other]) => [one, other]),
    );
    const named = links.filter((link) => link !== undefined);
    expect(named).to.include.members(['message', 'attempt before', 'fork of']);
    expect([...new Set(named)].sort()).to.deep.equal([...firstColumn('Links')].sort());
  });
});
