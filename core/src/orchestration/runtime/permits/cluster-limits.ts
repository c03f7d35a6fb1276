import type { EventStore } from '../../../event-store/event-store.ts';
import type { Clock } from '../../../shared/clock.ts';
import type { LimitOptions } from '../admission/options.ts';
import type { MonitorHub } from '../monitor-hub.ts';
import type { EngineOptions } from '../options.ts';
import type { RunRepository } from '../run-repository.ts';
import { LimitLogs } from './limit-logs.ts';
import { LimitShare } from './limit-share.ts';
import { MutexPermits } from './mutex-permits.ts';

export interface ClusterLimitsParts {
  readonly id: string;
  readonly others?: boolean;
  readonly storage: { readonly events: EventStore };
  readonly clock: Clock;
  readonly monitors: MonitorHub;
  readonly options: EngineOptions;
}

export interface ClusterLimits {
  readonly limits: LimitLogs | undefined;
  readonly permits: MutexPermits | undefined;
  readonly shareOf: ((name: string, options: LimitOptions) => LimitShare) | undefined;
}

/** What holds over all orchestrators; nothing where there is one. */
export function clusterLimits(parts: ClusterLimitsParts, repository: Pick<RunRepository, 'load'>): ClusterLimits {
  const { id, others, storage, clock, monitors, options } = parts;
  if (others !== true) return { limits: undefined, permits: undefined, shareOf: undefined };
  const { maxStoreRetryMs: maxPauseMs, leaseMs } = options;
  const limits = new LimitLogs({ id, store: storage.events, clock, monitors, maxPauseMs });
  const permits = new MutexPermits({
    id,
    logs: limits,
    clock,
    leaseMs,
    load: async (runId) => {
      const { state } = await repository.load(runId);
      return state.status === 'none' ? undefined : state;
    },
    failed: (error) => {
      const message = `who has a mutex over all orchestrators cannot be looked up, which is tried again: ${String(error)}`;
      monitors.notice({ kind: 'log', level: 'warn', message });
    },
  });
  const shareOf = (name: string, of: LimitOptions): LimitShare =>
    new LimitShare({ id, log: limits.of(JSON.stringify(['admission', name])), clock, leaseMs, options: of });
  return { limits, permits, shareOf };
}
