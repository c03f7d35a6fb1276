import type { Message } from '../agent/messages.ts';
import type { Duration } from '../shared/duration.ts';
import type { Json } from '../shared/json.ts';
import type { Performative } from '../shared/performatives.ts';
import { failureOf, type ScriptContext, type ScriptedFailure, type ScriptFunction } from './script.ts';

/**
 * What a scripted agent does with a message that it has taken.
 * - `{ reply }`: answers, as `inform` unless it is said otherwise, after `delay` of virtual time, if there is one.
 * - `'ack'`: is done with it, and says nothing.
 * - `'keep'`: neither: it has it until its attempt ends.
 * - `{ nack }`: gives it back with that reason; `delay` and `requeue` as of `messages.nack`.
 * - `{ fail }`: throws; what the attempt has comes back.
 * - a function: gives one of these, or does it all by itself, with `context.messages`, and gives nothing.
 */
export type ScriptedAnswer =
  | 'ack'
  | 'keep'
  | { readonly reply: Json; readonly performative?: Performative; readonly delay?: Duration }
  | { readonly nack: string; readonly delay?: Duration; readonly requeue?: boolean }
  | { readonly fail: ScriptedFailure | string }
  | ((message: Message, context: ScriptContext) => AnswerNow | Promise<AnswerNow>);

// biome-ignore lint/suspicious/noConfusingVoidType: what a function gives that gives nothing.
type AnswerNow = Exclude<ScriptedAnswer, (...given: never) => unknown> | undefined | void;

export interface TalksOptions {
  /** A name of the run (`#desk`). Default: the mailbox of its task. */
  readonly mailbox?: string;
  /** It ends once it has taken so many. Default: no end. */
  readonly times?: number;
  /** It ends when nothing has come for so long, in virtual time. Default "1h". */
  readonly patience?: Duration;
}

/**
 * A script of an agent that takes one message after another: one answer for all, or a list, the first for the first that a task takes, whatever the attempt
 * and however often it is delivered, and so on; the last one stays. What the attempt was told (the data), in order, is its output.
 *
 * ```ts
 * agents: { critic: talks([{ nack: 'no time' }, ({ data }) => ({ reply: { good: data === 'draft 2' } })]) }
 * ```
 */
export function talks(
  answers: ScriptedAnswer | readonly ScriptedAnswer[],
  { mailbox, times = Number.POSITIVE_INFINITY, patience = '1h' }: TalksOptions = {},
): ScriptFunction {
  const list = Array.isArray(answers) ? (answers as readonly ScriptedAnswer[]) : [answers as ScriptedAnswer];
  const taken = new Map<string, number>();
  return async ({ runId, taskId, attempt }, context) => {
    const told: Json[] = [];
    const task = `${runId}/${taskId}`;
    // The script may have been that of another simulation before.
    if (attempt === 1) taken.delete(task);
    const where = mailbox === undefined ? {} : { mailbox };
    while (told.length < times) {
      const message = await context.messages.receive({ ...where, timeout: patience });
      if (message === undefined) break;
      const nth = taken.get(task) ?? 0;
      taken.set(task, nth + 1);
      told.push(message.data);
      const answer = list[Math.min(nth, list.length - 1)] ?? 'ack';
      await give(typeof answer === 'function' ? await answer(message, context) : answer, message, context);
    }
    return told;
  };
}

async function give(answer: AnswerNow, message: Message, { messages, sleep }: ScriptContext): Promise<void> {
  if (answer === undefined || answer === 'keep') return;
  if (answer === 'ack') return messages.ack(message);
  if ('fail' in answer) throw failureOf(answer.fail);
  if ('nack' in answer) {
    const { nack: reason, ...how } = answer;
    return messages.nack(message, { reason, ...how });
  }
  const { reply, performative = 'inform', delay } = answer;
  if (delay !== undefined) await sleep(delay);
  await messages.reply(message, reply, { performative });
}
