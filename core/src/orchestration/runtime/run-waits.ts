import { isOpenForm } from '../workflow/decisions/forms.ts';
import { openEffects } from '../workflow/effects.ts';
import { MAILBOX_WORKFLOW } from '../workflow/messaging/elsewhere.ts';
import { settleMail } from '../workflow/messaging/settle-mail.ts';
import { beyond, needOf, reservationOf } from '../workflow/metering.ts';
import { readyTasks, wantedBy } from '../workflow/ready-tasks.ts';
import type { RunView } from '../workflow/run-view.ts';
import { isUnsettled } from '../workflow/settle.ts';
import type { RunState } from '../workflow/state.ts';
import { stateOf } from '../workflow/view-of.ts';

/** What a run waits for that does not come by itself. */
export interface OutsideWaits {
  /** Names of signals. */
  readonly signals: readonly string[];
  /** Mailboxes at which somebody waits. */
  readonly mailboxes: readonly string[];
  /** Tasks that are open forms. */
  readonly forms: readonly string[];
  /** Ids of child runs: it moves when one of them ends. */
  readonly children: readonly string[];
}

/**
 * What an open run waits for, when only a signal, an answer or the end of a child run can move it: nothing is ready (but for what needs more of a budget that somebody is asked for), under way at an agent, or due at
 * some time (a sleep, a retry, a time limit of a task or of the run). Undefined for any other run. What falls due in a mailbox of no run is no such thing: whoever
 * waits for it, elsewhere, has a time of its own.
 */
export function outsideWaits(run: RunView): OutsideWaits | undefined {
  const state = stateOf(run);
  if (state.status !== 'running' || state.inFlight > 0 || mayBegin(state) || isMoving(state)) return undefined;
  const children: string[] = [];
  const isMailbox = state.definition.name === MAILBOX_WORKFLOW;
  for (const effect of openEffects(state)) {
    if (effect.kind === 'start-child') children.push(state.tasks.get(effect.taskId)?.child ?? '');
    else if (effect.kind === 'set-timer' && isMailbox) continue;
    else if (effect.kind !== 'cancel-child') return undefined;
  }
  const signals = [...new Set([...state.waits.keys(), ...state.unbuffered.keys()])];
  const mailboxes = [...(state.mail?.boxes ?? [])].flatMap(([name, { receivers }]) =>
    receivers.size > 0 ? [name] : [],
  );
  const forms = [...state.tasks.values()].filter(isOpenForm).map(({ id }) => id);
  const count = signals.length + mailboxes.length + forms.length + children.length;
  return count === 0 ? undefined : { signals, mailboxes, forms, children };
}

/** Whether something is ready that need not wait for an answer about a budget. What agents declare is not known here; what needs the same as who asks waits with that. */
function mayBegin(state: RunState): boolean {
  if (state.readyCount === 0) return false;
  const asking = [...state.budgets.values()].flatMap(({ asked = [] }) =>
    asked.flatMap(({ task }) => state.tasks.get(task ?? '') ?? []),
  );
  if (asking.length === 0) return true;
  const needs = new Set(asking.map((task) => needOf(state, task)));
  for (const task of readyTasks(state)) {
    if (needs.has(needOf(state, task))) continue;
    const { agent = '' } = wantedBy(state, task);
    const reserved = reservationOf(state, task, agent, undefined);
    if (beyond(state, task, { agent, reserved })?.asked === undefined) return true;
  }
  return false;
}

/** What falls due at some time is an effect: this asks what follows now, whenever that is. */
const NOW = { now: 0, random: () => 0, maxPayloadChars: Number.MAX_SAFE_INTEGER };

/** Whether something follows by itself. A history does not say of a message that is there that nobody wants it: that is looked at here. */
const isMoving = (state: RunState): boolean => settleMail(state, NOW).length > 0 || isUnsettled(state);
