import {
  type Clock,
  decodeEvent,
  type RecordedEvent,
  type RunEvent,
  type Storage,
  streamRunId,
  type ViewEvent,
} from '@reprise/core';

/** A clock whose timers are due at once, whatever they were set for; its time goes on by what they were set for. */
export function hastyClock(): Clock & { time: number } {
  const clock = {
    time: 1_800_000_000_000,
    now: () => clock.time,
    schedule: (delayMs: number, callback: () => void) => {
      let cancelled = false;
      setImmediate(() => {
        if (cancelled) return;
        clock.time += delayMs;
        callback();
      });
      return {
        cancel: () => {
          cancelled = true;
        },
      };
    },
  };
  return clock;
}

/** What projections are handed of everything in a store, in one go. */
export async function viewEvents({ events }: Pick<Storage, 'events'>): Promise<readonly ViewEvent[]> {
  const all: RecordedEvent[] = [];
  for (;;) {
    const page = await events.readAll({
      ...(all.length === 0 ? {} : { after: all.at(-1)?.position ?? '' }),
      limit: 1000,
    });
    if (page.length === 0) return asViewEvents(all);
    all.push(...page);
  }
}

export function asViewEvents(all: readonly RecordedEvent[]): readonly ViewEvent[] {
  const starts = new Map<string, RunEvent>();
  return all.flatMap((recorded) => {
    const runId = streamRunId(recorded.stream);
    if (runId === undefined) return [];
    const event = decodeEvent(recorded);
    if (recorded.revision === 0) starts.set(runId, event);
    const start = starts.get(runId);
    if (start?.type !== 'RunStarted') return [];
    const { definition, at, rules = 1, tenant, labels } = start;
    const run = {
      workflow: definition.name,
      version: definition.version,
      startedAt: at,
      rules,
      tasks: definition.tasks.length,
      ...(tenant === undefined ? {} : { tenant }),
      ...(labels === undefined ? {} : { labels }),
    };
    const { revision, position, time, metadata } = recorded;
    return [{ runId, revision, position, time, event, metadata, run }];
  });
}
