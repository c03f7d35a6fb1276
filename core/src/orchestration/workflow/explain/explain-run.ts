import { outboxesOf } from '../messaging/mail.ts';
import { beyond } from '../messaging/outbox.ts';
import type { RunView } from '../run-view.ts';
import { isTerminal, type RunState, rootOf } from '../state.ts';
import { strategyAt } from '../team/team.ts';
import { stateOf } from '../view-of.ts';
import { explain } from './explain.ts';
import type { ExplainFacts, Explanation, HandOver, RootFailure, RunExplanation, StandIn } from './explanation.ts';
import { rootFailureOf } from './root-failure.ts';
import { DRAINING, errorText, pausedText, resumeText } from './wording.ts';

/**
 * Why a run does not end, or why it ended: task by task, and as a whole. Pure. What only a process knows (who takes tasks, what holds the
 * run) is in `facts`.
 */
export const explainRun = (run: RunView, facts: ExplainFacts): RunExplanation => explainState(stateOf(run), facts);

/** As explainRun, of the state itself. */
export function explainState(state: RunState, facts: ExplainFacts): RunExplanation {
  const tasks = isTerminal(state.status) || state.status === 'forking' ? [] : explain(state, facts);
  const waitsFor = tasks.filter(({ mover }) => mover !== 'tasks');
  const failure = rootFailureOf(state);
  const handOver = handOverOf(state);
  const standIns = [...standInsOf(state)];
  return {
    runId: state.runId,
    status: state.status,
    revision: state.revision,
    summary: summaryOf(state, facts, waitsFor, failure),
    failure,
    ...(standIns.length === 0 ? {} : { standIns }),
    ...(handOver === undefined ? {} : { handOver }),
    waitsFor,
    tasks,
  };
}

function summaryOf(
  state: RunState,
  { hold, driven, draining, silent }: ExplainFacts,
  waitsFor: readonly Explanation[],
  failure: RootFailure | undefined,
): string {
  const silently = silent === undefined ? '' : `${silent} `;
  switch (state.status) {
    case 'none':
      return 'There is no such run.';
    case 'completed':
      return `The run completed.${notUndone(state)}`;
    case 'cancelled':
      return `The run was cancelled${state.cancelReason === undefined ? '' : `: ${state.cancelReason}`}.${notUndone(state)}`;
    case 'failed':
      return `The run failed: ${failureText(failure)}.${notUndone(state)}`;
    case 'parked':
      return `${silently}The run is parked: ${state.parked?.message ?? 'no reason is recorded.'} Resume it once that is mended, or cancel it.`;
    case 'forking':
      return `${silently}The history of '${state.lineage?.runId}' is being copied into the run: ${state.revision} of ${state.lineage?.revision} events are there.`;
    case 'paused':
      return `${silently}The run is ${pausedBy(state)}. ${whatIsLeft(waitsFor.filter(({ reason }) => reason !== 'paused'))}${resumeText(state.pausedBy ?? [])}`;
    case 'running':
      break;
    default:
      return state.status satisfies never;
  }
  if (hold !== undefined && hold.reason !== 'agent') return `The run is held: ${hold.message}`;
  const undriven =
    driven === false ? 'No process drives the run now. ' : `${silently}${draining === true ? `${DRAINING} ` : ''}`;
  const stuck = waitsFor.filter(({ reason }) => reason === 'nobody');
  if (stuck.length > 0 && stuck.length === waitsFor.length) return `${undriven}The run stands still: ${texts(stuck)}.`;
  const handOver = waitsFor.length === 0 ? handOverOf(state) : undefined;
  if (handOver !== undefined) return `${undriven}${handOverText(handOver)}`;
  const { team } = rootOf(state);
  if (waitsFor.length === 0 && team !== undefined)
    return `${undriven}The strategy '${strategyAt(state, '')}' is to say what is done next.`;
  const left = waitsFor.length === 0 ? 'The run is about to go on.' : whatIsLeft(waitsFor);
  return `${undriven}${doing(state, failure)}${left}`.trimEnd();
}

function handOverOf({ mail }: RunState): HandOver | undefined {
  const until = mail?.handOverUntil;
  if (mail === undefined || until === undefined) return undefined;
  const to = [...outboxesOf(mail)].map((outbox) => {
    const { run, to: mailbox } = beyond(outbox);
    return { run, mailbox, messages: mail.boxes.get(outbox)?.messages.size ?? 0 };
  });
  return { to, until };
}

function handOverText({ to, until }: HandOver): string {
  const named = to.slice(0, TOLD).map(({ run, mailbox, messages }) => `${messages} to '${mailbox}' of run '${run}'`);
  const more = to.length > named.length ? `, and ${to.length - named.length} more` : '';
  return `The run has nothing left to do, and ends once others have its messages (${named.join(', ')}${more}), or at ${new Date(until).toISOString()}.`;
}

const pausedBy = ({ pausedBy: by = [], parent }: RunState): string =>
  pausedText(by, parent === undefined ? undefined : `its parent '${parent.runId}'`);

/** What was done and could not be undone. */
const MOST_STAND_INS = 100;

function* standInsOf(state: RunState): Generator<StandIn> {
  let count = 0;
  for (const { id: taskId, status, error } of state.tasks.values()) {
    if (status !== 'completed' || error === undefined) continue;
    yield { taskId, error };
    count += 1;
    if (count === MOST_STAND_INS) return;
  }
}

function notUndone(state: RunState): string {
  const left = [...state.tasks.values()].filter(({ undoes, status }) => undoes !== undefined && status === 'failed');
  if (left.length === 0) return '';
  const names = left.slice(0, TOLD).map(({ undoes }) => `'${undoes?.taskId}'`);
  const more = left.length > names.length ? ` and ${left.length - names.length} more` : '';
  return ` What ${names.join(', ')}${more} did could not be undone.`;
}

/** What the run is about, when it is about to end or handles a failure. */
function doing(state: RunState, failure: RootFailure | undefined): string {
  const { closing } = state;
  if (closing?.why === 'cancel' && closing.forcedAt !== undefined)
    return 'The run is cancelled by force, and ends once others have what it owes them. ';
  if (closing?.why === 'cancel') return 'The run is cancelled, and ends once what is outstanding has. ';
  if (closing?.why === 'end') return 'The run ends early, once what is outstanding has. ';
  if (closing !== undefined) return `The run fails, once what is outstanding has ended: ${failureText(failure)}. `;
  return failure === undefined ? '' : `The run handles a failure: ${failureText(failure)}. `;
}

function failureText(failure: RootFailure | undefined): string {
  if (failure === undefined) return 'no error is recorded';
  const { taskId, path, error } = failure;
  const top = path[0];
  const where = top === undefined || top === taskId ? '' : ` (and with it '${top}')`;
  const whole = errorText(error).replace(/\.$/, '');
  return taskId === undefined ? whole : `'${taskId}' failed${where}: ${whole}`;
}

/** Explanations that are told in the one line. */
const TOLD = 3;

/** What a person has to do something about comes first. */
const URGENCY = { person: 0, signal: 1, agent: 2, run: 3, engine: 4, timer: 5, tasks: 6 } as const;

const whatIsLeft = (waitsFor: readonly Explanation[]): string => (waitsFor.length === 0 ? '' : `${texts(waitsFor)}. `);

function texts(waitsFor: readonly Explanation[]): string {
  const told = waitsFor.toSorted((one, other) => URGENCY[one.mover] - URGENCY[other.mover]).slice(0, TOLD);
  const all = told.map(
    ({ taskId, count, waits }) => `'${taskId}'${count > 1 ? ` (and ${count - 1} like it)` : ''} ${waits}`,
  );
  const left = waitsFor.length - told.length;
  return `${all.join('; ')}${left > 0 ? `; and ${left} more` : ''}`;
}
