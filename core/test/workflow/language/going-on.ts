import type { Json } from '@reprise/core';
import type { CloseFork } from '../../../src/orchestration/workflow/commands.ts';
import type { Lineage } from '../../../src/orchestration/workflow/events.ts';
import { SourceHistory, Tail } from '../../../src/orchestration/workflow/fork/source.ts';
import { PureRun } from '../pure-run.ts';

export interface GoingOn {
  readonly as?: 'retry' | 'fork';
  readonly at?: number;
  readonly outcomes?: Readonly<Record<string, Json>>;
  readonly raised?: Lineage['raised'];
  readonly runId?: string;
  /** Mended since. Default: that of the other run. */
  readonly definition?: PureRun['state']['definition'];
  /** Results behind the cut, beside those that the other run has. */
  readonly late?: CloseFork['late'];
}

/** What the engine does to go on from a run: its events are copied, then the fork is closed. The new run begins a day later. */
export function goOnFrom(source: PureRun, options: GoingOn = {}): PureRun {
  const { as = 'retry', at, outcomes, raised, runId = 'run-2', definition = source.state.definition } = options;
  const { late = [] } = options;
  const history = new SourceHistory();
  for (const event of source.events) history.fold(event);
  const cut = at ?? history.cut()?.revision ?? source.events.length - 1;
  const lineage: Lineage = {
    runId: source.runId,
    revision: cut,
    as,
    origin: source.state.lineage?.origin ?? source.runId,
    ...(outcomes === undefined ? {} : { outcomes }),
    ...(raised === undefined ? {} : { raised }),
  };
  const { rules, budget } = source.state;
  const run = new PureRun({ definition }, source.state.input, {
    runId,
    lineage,
    rules,
    ...(budget === undefined ? {} : { budget }),
  });
  run.send({ type: 'CopyEvents', from: 1, events: source.events.slice(1, cut + 1) });
  const tail = new Tail();
  for (const event of source.events.slice(cut + 1)) tail.note(event);
  const none = { failed: [], undone: [], late: [], signals: [] };
  const found = as === 'fork' ? none : { failed: history.cut()?.failed ?? [], ...tail.result() };
  const results = [...found.late, ...late];
  const facts = { ...found, late: results, mended: definition !== source.state.definition };
  run.now = source.now + DAY;
  run.send({ type: 'CloseFork', ...facts });
  return run;
}

export const DAY = 24 * 3_600_000;
