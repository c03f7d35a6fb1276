import type { ErrorCode } from '../../../shared/error-codes.ts';
import { type ErrorData, errorData } from '../../../shared/errors.ts';
import type { Json, JsonObject } from '../../../shared/json.ts';
import type { ReceivedMessage } from '../../../shared/received-message.ts';
import type { DecisionContext } from '../decisions/decision-context.ts';
import { conclude, giveUp } from '../decisions/outcome.ts';
import type { MessageAcknowledged, MessageSent, RunEvent } from '../events.ts';
import { definitionOf, type RunState, type TaskState } from '../state.ts';
import type { OpenMessage } from './mail.ts';
import { receivedFrom } from './received.ts';

// What answers a question: of a `send` that waits for it here; what an agent hears of it says the same.

/** Whether this is what was asked for: a result, or to a `cfp` a proposal. */
export const isResult = ({ performative }: Pick<ReceivedMessage, 'performative'>): boolean =>
  performative === 'inform' || performative === 'propose';

type Refused = ErrorData & { readonly code: ErrorCode; readonly details: JsonObject };

/** The error that an answer is which is no result. `whom`: who was asked. */
export function refusalOf(whom: string, { performative, data, id }: ReceivedMessage): Refused {
  const { code, message: why } = (data ?? {}) as { readonly [key: string]: unknown };
  // What the run says for whoever does not.
  if (code === 'REPRISE_REPLY_TIMEOUT' && typeof why === 'string')
    return { ...errorData(code, why), code, details: { message: id } };
  const how =
    performative === 'refuse'
      ? 'that it will not'
      : performative === 'query'
        ? 'with a question, which nothing answers'
        : `with ${performative}`;
  const refused = 'REPRISE_REQUEST_REFUSED';
  return {
    ...errorData(refused, `'${whom}' answered ${how}${whySaid(data)}.`),
    code: refused,
    details: { message: id, performative, data },
  };
}

/** What an answer with an error says, to stand behind how it was answered: it is told where people look first. */
export function whySaid(data: Json): string {
  const { message } = (data ?? {}) as { readonly [key: string]: unknown };
  return typeof message === 'string' ? `: ${message.slice(0, MAX_TOLD).replace(/\.$/, '')}` : '';
}

/** Characters of an answer that its error tells. */
const MAX_TOLD = 500;

export const NOT_ANSWERED = 'Whoever asked answers no questions.';

/** What follows when a `send` that waits for an answer is told something: it goes on waiting, has its answer, or fails. */
export function replied(
  state: RunState,
  task: TaskState,
  message: OpenMessage,
  context: DecisionContext,
): readonly RunEvent[] {
  const definition = definitionOf(state, task);
  if (definition === undefined) return [];
  const said = receivedFrom(message);
  const output = said as unknown as Json;
  if (isResult(said))
    return conclude(state, task, { output, via: 'message', recorded: false, message: message.id }, context);
  const { now: at } = context;
  const { id: taskId, attempt } = task;
  const heard: MessageAcknowledged = { type: 'MessageAcknowledged', at, messages: [message.id], taskId, attempt };
  if (said.performative === 'agree') return [heard];
  const outcome = task.sent?.outcome;
  const refused = refusalOf(said.from, said);
  // That the time to answer is over says more than that nobody took the question by then.
  const error = typeof outcome === 'object' && refused.code !== 'REPRISE_REPLY_TIMEOUT' ? outcome : refused;
  return [heard, ...notUnderstood(message, task, at), ...giveUp(state, task, definition, { error }, context)];
}

/** Whoever asks back is told that nothing answers. */
function notUnderstood(
  { id, from, performative, subject, conversation }: OpenMessage,
  { id: task }: TaskState,
  at: number,
): readonly MessageSent[] {
  if (performative !== 'query' || from.task === undefined || conversation === undefined) return [];
  const about = subject === undefined ? {} : { subject };
  return [
    {
      type: 'MessageSent',
      at,
      message: `${id}!`,
      from: { task },
      to: from.task,
      data: NOT_ANSWERED,
      performative: 'not-understood',
      ...about,
      conversation,
      inReplyTo: id,
      onBehalf: true,
    },
  ];
}
