import type { ServiceIdentifier } from 'inversify';
import type { Storage } from '../event-store/storage.ts';
import type { DispatchTokens } from '../orchestration/messaging/dispatch-tokens.ts';
import type { Transport } from '../orchestration/messaging/transport.ts';
import type { Views } from '../orchestration/reading/views/views.ts';
import type { AdmissionOptions } from '../orchestration/runtime/admission/options.ts';
import type { MonitorHub } from '../orchestration/runtime/monitor-hub.ts';
import type { EngineOptions } from '../orchestration/runtime/options.ts';
import type { Orchestrator } from '../orchestration/runtime/orchestrator.ts';
import type { Registry } from '../orchestration/runtime/registry.ts';
import type { Clock, Ids, Random } from '../shared/clock.ts';

const token = <T>(name: string): ServiceIdentifier<T> => Symbol.for(`reprise.${name}`);

/** What the container resolves, by token. */
export const TOKENS = {
  clock: token<Clock>('clock'),
  ids: token<Ids>('ids'),
  random: token<Random>('random'),
  options: token<EngineOptions>('options'),
  admission: token<AdmissionOptions>('admission'),
  dispatchTokens: token<DispatchTokens>('dispatch-tokens'),
  storage: token<Storage>('storage'),
  transport: token<Transport>('transport'),
  monitors: token<MonitorHub>('monitors'),
  registry: token<Registry>('registry'),
  views: token<Views>('views'),
  orchestrator: token<Orchestrator>('orchestrator'),
} as const;
