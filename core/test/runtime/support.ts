import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Agent,
  type AgentContext,
  type AgentTask,
  type AnyPlugin,
  type Clock,
  createInMemoryStorage,
  createInProcessTransport,
  createReprise,
  definePlugin,
  type EventStore,
  type HistoryEntry,
  isRepriseError,
  type Json,
  type Orchestrator,
  type Ownership,
  type RepriseConfig,
  type RunEvent,
  type Storage,
  sleep,
  systemClock,
  type Transport,
} from '@reprise/core';
import { nextTurn, type OutgoingMessage } from '@reprise/core/plugin';
import { VirtualTime } from '@reprise/core/testing';
import { afterEach } from 'mocha';
import { HEARTBEAT_CHANNEL, RESULT_CHANNEL } from '../../src/orchestration/messaging/channels.ts';
import {
  type Dispatch,
  type Heartbeat,
  toEnvelope,
  type WorkerCommand,
} from '../../src/orchestration/messaging/messages.ts';

/** Opens orchestrators that are stopped after each test, whatever became of it. */
export function orchestrators() {
  const opened: Orchestrator[] = [];
  afterEach(async () => {
    for (const orchestrator of opened.splice(0)) await orchestrator.stop({ drainMs: 0 });
  });
  const make = async (config: RepriseConfig): Promise<Orchestrator> => {
    const orchestrator = await createReprise(config);
    opened.push(orchestrator);
    return orchestrator;
  };
  const start = async (config: RepriseConfig): Promise<Orchestrator> => {
    const orchestrator = await make(config);
    await orchestrator.start();
    return orchestrator;
  };
  return { make, start };
}

/** A path for a store in a folder that is gone after the test. */
export function temporaryFiles(): () => string {
  const folders: string[] = [];
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  });
  return () => {
    const folder = mkdtempSync(join(tmpdir(), 'reprise-runtime-'));
    folders.push(folder);
    return join(folder, 'events.db');
  };
}

export const storePlugin = (store: Storage): AnyPlugin =>
  definePlugin({ name: 'test-store', kind: 'event-store', create: () => store });

export const transportPlugin = (transport: Transport): AnyPlugin =>
  definePlugin({ name: 'test-transport', kind: 'transport', create: () => transport });

/** The same storage with some of its events, and of what is beside them, replaced. */
export const changedStore = (
  store: Storage,
  changes: Partial<EventStore>,
  beside: Partial<Omit<Storage, 'events'>> = {},
): Storage => ({ ...store, events: { ...store.events, ...changes }, ...beside });

/** A store in memory that outlives the orchestrators it is lent to, as a file would. */
export const lastingStore = (): Storage => changedStore(createInMemoryStorage(), { close: async () => undefined });

/** Several processes' views of one store in memory; what one appends, the others are told. */
export function sharedStore(ownershipOf: (name: string) => Ownership) {
  const storage = lastingStore();
  const listeners = new Map<string, (stream: string, revision: number) => void>();
  const viewOf = (name: string): Storage =>
    changedStore(
      storage,
      {
        append: async (...request) => {
          const result = await storage.events.append(...request);
          for (const [other, listener] of listeners) if (other !== name) listener(request[0], result.revision);
          return result;
        },
      },
      {
        ownership: ownershipOf(name),
        foreign: {
          onAppend: (listener) => {
            listeners.set(name, listener);
            return () => listeners.delete(name);
          },
        },
      },
    );
  return { storage, viewOf };
}

/** An in-process transport that publishes what `change` makes of each message. */
export function changedTransport(
  change: (message: OutgoingMessage) => readonly OutgoingMessage[],
  transport: Transport = createInProcessTransport(systemClock),
): Transport {
  return {
    durable: transport.durable,
    start: () => transport.start(),
    publish: async (messages) => transport.publish(messages.flatMap((message) => [...change(message)])),
    subscribe: (...request) => transport.subscribe(...request),
    stop: () => transport.stop(),
  };
}

export const isMessage = (message: OutgoingMessage, type: string): boolean =>
  message.envelope.type === `reprise.${type}`;

/** Another process' worker, played by the test: dispatches come to it alone, and it says what the test has it say. */
export function remoteWorker(clock: Clock) {
  const dispatches: Dispatch[] = [];
  const transport = createInProcessTransport(clock);
  const taken = changedTransport((message) => {
    if (!isMessage(message, 'dispatch')) return [message];
    dispatches.push(message.envelope.data as unknown as Dispatch);
    return [];
  }, transport);
  const say = (runId: string, body: WorkerCommand | Heartbeat, type: 'command' | 'heartbeat' = 'command') => {
    const id = `${runId}/${'commandId' in body ? body.commandId : 'heartbeat'}`;
    const envelope = toEnvelope({ id, type, source: 'elsewhere', runId, causationId: id, at: clock.now() }, body);
    return transport.publish([{ channel: type === 'command' ? RESULT_CHANNEL : HEARTBEAT_CHANNEL, envelope }]);
  };
  const about = (runId: string, dispatch: Dispatch | undefined, what: string) => ({
    commandId: `${dispatch?.taskId}/${dispatch?.attempt}/${what}`,
    runId,
    taskId: dispatch?.taskId ?? '',
    attempt: dispatch?.attempt ?? 0,
  });
  return {
    transport: taken,
    dispatches,
    begin: (runId: string, dispatch: Dispatch | undefined) =>
      say(runId, { type: 'StartTask', ...about(runId, dispatch, 'start'), worker: 'elsewhere' }),
    complete: (runId: string, dispatch: Dispatch | undefined, output: Json) =>
      say(runId, { type: 'CompleteTask', ...about(runId, dispatch, 'complete'), output }),
    beat: (runId: string, { taskId, attempt }: Dispatch) => say(runId, { taskId, attempt }, 'heartbeat'),
  };
}

/** The command that a worker sends in a message: "StartTask", "CompleteTask", "FailTask". */
export const commandOf = (message: OutgoingMessage): string | undefined =>
  isMessage(message, 'command') ? (message.envelope.data as { type: string }).type : undefined;

/** An engine on a manual clock: time passes only when the test says so. */
export function manualTime(store: Storage = lastingStore(), change?: Parameters<typeof changedTransport>[0]) {
  const time = new VirtualTime();
  const parts = (transport = createInProcessTransport(time.clock)): Pick<RepriseConfig, 'plugins' | 'clock'> => {
    const changed = change === undefined ? transport : changedTransport(change, transport);
    return {
      clock: time.clock,
      plugins: [storePlugin(time.watchStorage(store)), transportPlugin(time.watchTransport(changed))],
    };
  };
  /** Exactly so long; what happens on the way is served, as in a process that is awake. */
  const pass = async (ms: number): Promise<void> => {
    const end = time.clock.now() + ms;
    await time.until(() => false, ms);
    time.clock.advance(end - time.clock.now());
    await time.quiet();
  };
  return { time, clock: time.clock, parts, pass };
}

export async function historyOf(orchestrator: Orchestrator, runId: string): Promise<readonly HistoryEntry[]> {
  const entries: HistoryEntry[] = [];
  for await (const entry of orchestrator.runs.history(runId)) entries.push(entry);
  return entries;
}

export async function eventsOf(orchestrator: Orchestrator, runId: string): Promise<readonly RunEvent[]> {
  return (await historyOf(orchestrator, runId)).map(({ event }) => event);
}

/** Events of one type, typed. */
export const only = <Type extends RunEvent['type']>(events: readonly RunEvent[], type: Type) =>
  events.filter((event): event is Extract<RunEvent, { type: Type }> => event.type === type);

export const typesOf = (events: readonly RunEvent[]): readonly string[] => events.map(({ type }) => type);

/** The code that a promise rejects with; "no error" when it resolves. */
export const codeOfAsync = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'no error',
    (error: unknown) => (isRepriseError(error) ? error.code : String(error)),
  );

/** Waits, looking again and again. The limit is the test's own. */
export async function eventually(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) {
    await nextTurn();
    await sleep(1);
  }
}

export interface Gate {
  readonly agent: Agent<Json, Json>;
  readonly calls: AgentTask[];
  readonly contexts: AgentContext[];
  /** Calls that were neither answered nor refused, nor ended by an agent that obeys. */
  readonly waiting: number;
  answer(output?: Json): void;
  refuse(error: unknown): void;
}

/** An agent whose calls wait until the test answers them, the oldest first. Ignores its signal unless it is to obey. */
export function gate(name: string, options: Partial<Agent<Json, Json>> & { readonly obeys?: boolean } = {}): Gate {
  const calls: AgentTask[] = [];
  const contexts: AgentContext[] = [];
  const open: PromiseWithResolvers<Json>[] = [];
  const { obeys = false, ...rest } = options;
  const agent: Agent<Json, Json> = {
    name,
    ...rest,
    handle: (task, context) => {
      calls.push(task);
      contexts.push(context);
      const call = Promise.withResolvers<Json>();
      open.push(call);
      if (obeys) {
        context.signal.addEventListener('abort', () => {
          open.splice(open.indexOf(call), 1);
          call.reject(context.signal.reason);
        });
      }
      return call.promise;
    },
  };
  return {
    agent,
    calls,
    contexts,
    get waiting() {
      return open.length;
    },
    answer: (output = null) => open.shift()?.resolve(output),
    refuse: (error) => open.shift()?.reject(error),
  };
}
