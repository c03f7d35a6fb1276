import { UntrustedHistory } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { readGolden } from '../../../../test/simulation/golden/golden-file.ts';

// What nobody's engine would have added is refused, with its reason.

interface Added {
  scope: string;
  tasks: (Record<string, unknown> & { id: string })[];
  before?: Record<string, unknown>[];
  commandId: string;
  [field: string]: unknown;
}

const FRESH = '00000000-0000-4000-8000-000000000000';

/** The flaw of the history after a change of the addition at `place` among them, from 0. */
function flawOf(place: number, change: (added: Added) => void, at: 'there' | 'first' | 'again' = 'there'): string {
  const { header, events: golden } = readGolden('grown');
  const events = structuredClone(golden) as unknown as { type: string; data: Added }[];
  const additions = events.filter(({ type }) => type === 'TasksAdded');
  const chosen = additions[place];
  if (chosen === undefined) throw new Error('there is no such addition');
  const event = at === 'again' ? { ...structuredClone(chosen), id: FRESH } : chosen;
  if (at === 'again') events.splice(events.length - 1, 0, event);
  change(event.data);
  if (at === 'first') events.splice(1, 0, ...events.splice(events.indexOf(event), 1));
  const history = new UntrustedHistory(header.runId);
  for (const [revision, one] of events.entries()) {
    const flaw = history.add({ ...one, revision });
    if (flaw !== undefined) return `${one.type} ${flaw.field}: ${flaw.problem}`;
  }
  return 'taken';
}

const first = (added: Added): Record<string, unknown> => added.tasks[0] as Record<string, unknown>;

describe('a hostile history of added tasks', () => {
  it('is taken as it is', () => {
    expect(flawOf(0, () => undefined)).to.equal('taken');
  });

  it('has tasks, in the form of a definition, without functions', () => {
    expect(flawOf(0, (added) => (added.tasks = []))).to.match(/TasksAdded data\.tasks: is empty/);
    expect(flawOf(0, (added) => (added.before = []))).to.match(/TasksAdded data\.before: is empty/);
    expect(flawOf(0, (added) => delete first(added)['after'])).to.match(/data\.tasks\[0\]\.after: is missing/);
    expect(flawOf(0, (added) => (first(added)['more'] = 1))).to.match(/data\.tasks\[0\]\.more: is not a field/);
    expect(flawOf(0, (added) => (first(added)['id'] = 'a/b'))).to.match(/data\.tasks\[0\]\.id/);
    expect(flawOf(0, (added) => (first(added)['input'] = { kind: 'function', digest: 'd' }))).to.match(
      /data: .*is a function/,
    );
    expect(flawOf(0, (added) => (first(added)['input'] = { kind: 'cel', source: 'outputs.each' }))).to.match(
      /data: .*not valid/,
    );
    expect(flawOf(0, (added) => (first(added)['priority'] = 'high'))).to.match(/data\.tasks\[0\]\.priority/);
  });

  it('adds to blocks that are under way, once', () => {
    expect(flawOf(1, (added) => (added.scope = 'each[7]'))).to.match(/data: .*no block that is under way/);
    expect(flawOf(1, (added) => (added.scope = 'each'))).to.match(/data: .*no block that is under way/);
    expect(flawOf(1, () => undefined, 'first')).to.match(/data: .*no block that is under way/);
    const again = (added: Added) => {
      first(added)['id'] = 'late';
      delete added.before;
      added.commandId = 'add-9';
    };
    expect(flawOf(0, again, 'again')).to.match(/TasksAdded data: .*(is closing|about to end)/);
    expect(flawOf(1, (added) => (added.commandId = 'add-1'))).to.match(
      /data\.commandId: is 'add-1', which took effect before/,
    );
  });

  it('gives ids that are free, and edges that can be', () => {
    expect(flawOf(1, (added) => (first(added)['id'] = 'check'))).to.match(
      /data: .*a task 'check' in 'each\[0\]' already/,
    );
    expect(flawOf(1, (added) => (first(added)['after'] = ['plan']))).to.match(
      /data: .*'plan', which is no task of that block/,
    );
    expect(flawOf(0, (added) => (added.before = [{ taskId: 'plan', dependency: 'review' }]))).to.match(
      /data: .*waits for no other/,
    );
    expect(flawOf(0, (added) => (first(added)['after'] = ['publish']))).to.match(/data: .*a cycle/);
    expect(flawOf(0, (added) => (added.before = [{ taskId: 'publish', dependency: 'nobody' }]))).to.match(
      /data: .*'nobody'/,
    );
  });

  it('has the end that these events come to', () => {
    const description = (added: Added) => (first(added)['description'] = 'something else');
    expect(flawOf(0, description)).to.match(/RunFailed data\.stateDigest/);
    expect(flawOf(0, (added) => delete added.before)).to.match(/RunFailed data\.stateDigest/);
  });
});
