import type { AgentContext, AgentTask } from '../agent/agent.ts';
import type { Messages } from '../agent/messages.ts';
import { type Duration, parseDuration } from '../shared/duration.ts';
import { RepriseError } from '../shared/errors.ts';
import type { Json } from '../shared/json.ts';
import type { VirtualTime } from './virtual-time.ts';

/** What a scripted agent is handed besides its task. */
export interface ScriptContext extends AgentContext {
  /** Waits in virtual time. */
  sleep(duration: Duration): Promise<void>;
}

/** Computes an output, or throws. Waits with `context.sleep` and for `context.messages`, never for real. */
export type ScriptFunction = (task: AgentTask<never>, context: ScriptContext) => unknown;

/** How a scripted call fails: `SCRIPTED`, and retryable, unless it says otherwise. */
export interface ScriptedFailure {
  readonly code?: string;
  readonly message?: string;
  /** Default true. */
  readonly retryable?: boolean;
}

/**
 * What one call of a scripted agent does.
 * - `'never'`: nothing, until it is aborted; even then it does not answer.
 * - `{ fail }`: throws; `{ output }`: returns; each after `delay` of virtual time, if there is one.
 * - a function: computes the output.
 * - any other JSON: that is the output. (An array, or an object made of `fail`, `output` and `delay` only: say `{ output }`.)
 */
export type ScriptedCall =
  | 'never'
  | { readonly fail: ScriptedFailure | string; readonly delay?: Duration }
  | { readonly output: Json; readonly delay?: Duration }
  | ScriptFunction
  | Json;

/** One call for all, or a list: the first call for the first attempt of each task, and so on; the last one stays. */
export type AgentScript = ScriptedCall | readonly ScriptedCall[];

/** Does what the script says for the `nth` call (0 for the first) of a task. */
export async function perform(
  script: AgentScript,
  nth: number,
  task: AgentTask,
  context: AgentContext,
  time: VirtualTime,
): Promise<unknown> {
  const call = Array.isArray(script) ? (script[Math.min(nth, script.length - 1)] as ScriptedCall) : script;
  if (typeof call === 'function') return callFunction(call, task, context, time);
  if (call === 'never') return new Promise<never>(() => undefined);
  if (!isOutcome(call)) return call;
  if (call.delay !== undefined) await pass(time, call.delay);
  if ('fail' in call) throw failureOf(call.fail);
  return call.output;
}

/** What a function does counts as under way, but for the time that it sleeps, or waits for messages. */
async function callFunction(
  call: ScriptFunction,
  task: AgentTask,
  context: AgentContext,
  time: VirtualTime,
): Promise<unknown> {
  let end = time.begin();
  let idle = 0;
  let over = false;
  const wait = async <T>(work: () => Promise<T>): Promise<T> => {
    idle += 1;
    end();
    try {
      return await work();
    } finally {
      idle -= 1;
      if (idle === 0 && !over) end = time.begin();
    }
  };
  const sleep = (duration: Duration): Promise<void> => wait(() => pass(time, duration));
  try {
    return await call(task as AgentTask<never>, { ...context, messages: waited(context.messages, wait), sleep });
  } finally {
    over = true;
    end();
  }
}

/** The same messages. As theirs, what is refused unheard ends no process. */
function waited(messages: Messages, wait: <T>(work: () => Promise<T>) => Promise<T>): Messages {
  const heard = <T>(work: () => Promise<T>): Promise<T> => {
    const done = wait(work);
    done.catch(() => undefined);
    return done;
  };
  return {
    send: (...given) => heard(() => messages.send(...given)),
    publish: (...given) => heard(() => messages.publish(...given)),
    subscribe: (...given) => heard(() => messages.subscribe(...given)),
    request: (...given) => heard(() => messages.request(...given)),
    receive: (...given) => heard(() => messages.receive(...given)),
    receiveMany: (...given) => heard(() => messages.receiveMany(...given)),
    reply: (...given) => heard(() => messages.reply(...given)),
    ack: (...given) => heard(() => messages.ack(...given)),
    nack: (...given) => heard(() => messages.nack(...given)),
  };
}

type Outcome = { readonly delay?: Duration } & (
  | { readonly fail: ScriptedFailure | string }
  | { readonly output: Json }
);

const OUTCOME_KEYS: ReadonlySet<string> = new Set(['fail', 'output', 'delay']);

function isOutcome(call: unknown): call is Outcome {
  if (typeof call !== 'object' || call === null || Array.isArray(call)) return false;
  if ('fail' in call === 'output' in call) return false;
  return Object.keys(call).every((key) => OUTCOME_KEYS.has(key));
}

export function failureOf(failure: ScriptedFailure | string): Error {
  if (typeof failure === 'string') return Object.assign(new Error(failure), { code: 'SCRIPTED', retryable: true });
  const { code = 'SCRIPTED', message = `scripted failure ${code}`, retryable = true } = failure;
  return Object.assign(new Error(message), { code, retryable });
}

/** Waits in virtual time. */
export function pass(time: VirtualTime, duration: Duration): Promise<void> {
  return new Promise((resolve) => {
    time.clock.schedule(millisecondsOf(duration), resolve);
  });
}

/** Throws REPRISE_CONFIG_INVALID for what is no duration. */
export function millisecondsOf(duration: Duration): number {
  const ms = parseDuration(duration);
  if (ms !== undefined) return ms;
  throw new RepriseError('REPRISE_CONFIG_INVALID', `${JSON.stringify(duration)} is not a duration.`);
}
