import { type Form, MAX_ASSIGNEE_CHARS, type MessageFilter, type Sleep } from '../../../definition/definition.ts';
import { parseDuration } from '../../../shared/duration.ts';
import { type ErrorData, errorData } from '../../../shared/errors.ts';
import type { Json } from '../../../shared/json.ts';
import type { Wanted } from '../../../shared/received-message.ts';
import type { RunEvent } from '../events.ts';
import { mailboxToTakeFrom, senderNamed } from '../messaging/addresses.ts';
import { messageIdShape } from '../messaging/call-shapes.ts';
import { computed, type Enter, type Entering, entered, failed, handed } from './performer.ts';

// Performers that wait: for a time, for a signal, for a message, for an answer. Ended by a timer, or by what settle finds to have come.

export const enterSleep: Enter = (entering) => {
  const { sleep } = entering.definition;
  if (sleep === undefined) return [];
  const input = handed(entering);
  if (!input.ok) return failed(entering, input.error);
  const until = endOf(entering, sleep);
  if ('error' in until) return failed(entering, until.error);
  return [entered(entering, { ...input.recorded, until: until.at })];
};

/** The longest name of a signal, in characters. */
const MAX_SIGNAL_CHARS = 256;

export const enterWait: Enter = (entering) => {
  const { task, definition } = entering;
  if (definition.wait?.form !== undefined) return openForm(entering, definition.wait.form);
  if (definition.wait?.message !== undefined) return awaitMessage(entering, definition.wait.message);
  if (definition.wait?.signal === undefined) return [];
  const signal = computed(entering, 'wait.signal', definition.wait.signal);
  if (!signal.ok) return failed(entering, signal.error);
  if (typeof signal.value === 'string' && signal.value !== '' && signal.value.length <= MAX_SIGNAL_CHARS)
    return [entered(entering, { signal: signal.value })];
  const message = `task '${task.id}', wait.signal: gave ${shown(signal.value)} where the name of a signal is needed (1 to ${MAX_SIGNAL_CHARS} characters).`;
  return failed(entering, errorData('REPRISE_EXPRESSION_FAILED', message));
};

/** What a run knows cannot be asked elsewhere. */
export const NOT_AWAY =
  'cannot be asked at a name of no run, which knows nothing of the run; say from, type or performative, or take the message and look at it';

/** Where it waits, and what for, is said now; what is like that is looked for whenever something comes. */
function awaitMessage(entering: Entering, filter: MessageFilter): readonly RunEvent[] {
  const { state, task } = entering;
  const mailbox = filter.mailbox === undefined ? task.id : mailboxToTakeFrom(state, task.scope, filter.mailbox);
  if (typeof mailbox !== 'string') return failed(entering, errorData(mailbox.code, mailbox.message));
  if (mailbox.startsWith('@') && filter.where !== undefined)
    return failed(entering, errorData('REPRISE_MESSAGE_INVALID', `task '${task.id}', wait.message.where: ${NOT_AWAY}`));
  const { from, performative, type } = filter;
  const wanted: { -readonly [Key in keyof Wanted]: Wanted[Key] } = {
    ...(from === undefined ? {} : { from: filter.run === undefined ? senderNamed(state, task.scope, from) : from }),
    ...(performative === undefined ? {} : { performative }),
    ...(type === undefined ? {} : { type }),
  };
  for (const slot of ['run', 'conversation', 'inReplyTo'] as const) {
    const expression = filter[slot];
    if (expression === undefined) continue;
    const bound = computed(entering, `wait.message.${slot}`, expression);
    if (!bound.ok) return failed(entering, bound.error);
    const flaw = messageIdShape(bound.value, slot);
    const value = slot === 'run' && bound.value === 'parent' ? (state.parent?.runId ?? 'parent') : bound.value;
    if (typeof value === 'string' && flaw === undefined) wanted[slot] = value;
    else {
      const message = `task '${task.id}', wait.message.${slot}: gave ${shown(bound.value)} where a text is needed.`;
      return failed(entering, errorData('REPRISE_EXPRESSION_FAILED', message));
    }
  }
  return [entered(entering, { mailbox, ...(Object.keys(wanted).length === 0 ? {} : { wanted }) })];
}

/** Who is asked, and who will be, is said now: an expression that fails then would be found out when nobody looks. */
function openForm(entering: Entering, { assignee, escalate = [] }: Form): readonly RunEvent[] {
  const input = handed(entering);
  if (!input.ok) return failed(entering, input.error);
  const slots = [
    ...(assignee === undefined ? [] : [['wait.assignee', assignee] as const]),
    ...escalate.map(({ to }, index) => [`wait.escalate[${index}].to`, to] as const),
  ];
  const names: string[] = [];
  for (const [slot, expression] of slots) {
    const name = computed(entering, slot, expression);
    if (!name.ok) return failed(entering, name.error);
    if (typeof name.value !== 'string' || name.value === '' || name.value.length > MAX_ASSIGNEE_CHARS) {
      const message = `task '${entering.task.id}', ${slot}: gave ${shown(name.value)} where the name of somebody is needed (1 to ${MAX_ASSIGNEE_CHARS} characters).`;
      return failed(entering, errorData('REPRISE_EXPRESSION_FAILED', message));
    }
    names.push(name.value);
  }
  const next = assignee === undefined ? names : names.slice(1);
  return [
    entered(entering, {
      ...input.recorded,
      form: true,
      ...(assignee === undefined ? {} : { assignee: names[0] ?? '' }),
      ...(next.length === 0 ? {} : { escalate: next }),
    }),
  ];
}

/** Time beyond the year 9999 cannot be written. */
const LATEST = 253_402_300_799_999;

function endOf(entering: Entering, sleep: Sleep): { readonly at: number } | { readonly error: ErrorData } {
  const { task, context } = entering;
  if (sleep.kind === 'for') return { at: Math.min(context.now + sleep.ms, LATEST) };
  const slot = sleep.kind === 'until' ? 'sleep.until' : 'sleep.for';
  const value = computed(entering, slot, sleep.kind === 'until' ? sleep.moment : sleep.duration);
  if (!value.ok) return { error: value.error };
  const at = sleep.kind === 'until' ? momentOf(value.value) : laterBy(context.now, parseDuration(value.value));
  if (at !== undefined && at <= LATEST) return { at };
  const what =
    sleep.kind === 'until' ? 'a moment (ms since the epoch, or ISO 8601)' : 'a duration (ms, or text such as "30s")';
  const message = `task '${task.id}', ${slot}: gave ${shown(value.value)} where ${what} is needed.`;
  return { error: errorData('REPRISE_EXPRESSION_FAILED', message) };
}

const laterBy = (now: number, ms: number | undefined): number | undefined => (ms === undefined ? undefined : now + ms);

function momentOf(value: Json): number | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\d/.test(value)) return undefined;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : at;
}

const shown = (value: Json): string => JSON.stringify(value).slice(0, 60);
