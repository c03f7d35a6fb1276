import type { Json } from '@reprise/core';
import { expect } from 'chai';
import type { PureRun } from '../pure-run.ts';

// What the tests of the pages with examples say of a run.

/** All that is ready, and what is then. */
export const ready = (r: PureRun, ...ids: readonly string[]) => expect(r.ready()).to.deep.equal(ids);
export const status = (r: PureRun, of: Readonly<Record<string, string>>) => {
  for (const [id, is] of Object.entries(of)) expect(r.status(id), id).to.equal(is);
};
export const signal = (r: PureRun, name: string, data: Json = null) =>
  r.send({ type: 'SendSignal', signal: name, data });
export const ends = (r: PureRun) => expect(r.state.status).to.equal('completed');
/** Schedules what is ready, then completes these. */
export const after = (r: PureRun, ...ids: readonly string[]) => {
  r.schedule();
  for (const id of ids) r.complete(id);
};
/** Makes whatever is undone now, one after the other; gives the ids. */
export function undoAll(r: PureRun): string[] {
  const undone: string[] = [];
  for (;;) {
    const next = r.ready().find((id) => id.includes('@'));
    if (next === undefined) return undone;
    undone.push(next);
    r.run(next);
  }
}
