import { formatDuration } from '../../../shared/duration.ts';
import type { ErrorData } from '../../../shared/errors.ts';
import { areSpent, unitsText } from '../budgets.ts';
import { isOutbox, placeText } from '../messaging/outbox.ts';
import type { PausedBy } from '../state.ts';
import type { Commitment, Mover, Reason } from './explanation.ts';

/** How a reason is told. */
export interface Wording {
  readonly waits: string;
  readonly moves: string;
}

const MOVERS: Readonly<Record<Exclude<Reason['reason'], 'closing'>, Mover>> = {
  dependencies: 'tasks',
  'stand-by': 'tasks',
  deciding: 'engine',
  slot: 'tasks',
  turn: 'tasks',
  budget: 'tasks',
  place: 'tasks',
  mutex: 'tasks',
  admission: 'run',
  rested: 'timer',
  ready: 'engine',
  strategy: 'engine',
  nobody: 'person',
  handed: 'agent',
  working: 'agent',
  retry: 'timer',
  sleep: 'timer',
  signal: 'signal',
  message: 'signal',
  sent: 'signal',
  form: 'person',
  child: 'run',
  block: 'tasks',
  items: 'tasks',
  fallback: 'tasks',
  paused: 'person',
  parked: 'person',
  held: 'person',
};

export function moverOf(reason: Reason): Mover {
  if (reason.reason === 'closing') return reason.open > 0 ? 'tasks' : 'engine';
  if (reason.reason === 'strategy' && reason.wakeAt !== undefined) return 'timer';
  return reason.reason === 'mutex' && reason.across !== undefined ? 'run' : MOVERS[reason.reason];
}

/** "writer agreed to 'draft' 40.0s ago, due in 20.0s". */
function commitmentText({ who, about, stage, since, dueAt }: Commitment, now: number): string {
  const what = about === undefined ? 'what it was asked' : `'${about}'`;
  const done: Readonly<Record<string, string>> = {
    asked: `${who} was asked for ${what}`,
    agreed: `${who} agreed to ${what}`,
    accepted: `${who} is to do ${what}, as it proposed`,
    cancelling: `${who} is to give up ${what}`,
    proposed: `${who} is to accept or reject a proposal for ${what}`,
    'more-needed': `${who} was asked back about ${what}`,
  };
  const due = dueAt === undefined ? '' : `, due ${inTime(dueAt, now)}`;
  return `${done[stage] ?? `${who} owes an answer`} ${formatDuration(Math.max(0, now - since))} ago${due}`;
}

/** Says a reason to people, at `now`. `driven`: false when no process drives the run then. */
export function wordingOf(reason: Reason, now: number, driven?: boolean): Wording {
  const told = (waits: string, moves: string): Wording => ({ waits, moves });
  const limit = (at: number | undefined, then = 'its time is up'): string =>
    at === undefined ? '' : `, or ${then} ${inTime(at, now)}`;
  switch (reason.reason) {
    case 'dependencies': {
      const { met, needed, open } = reason;
      const names = listed(reason.waitsFor, open);
      if (met === 0 && needed === open)
        return told(
          `waits for ${names}`,
          open === 1 ? 'It begins when that has ended.' : 'It begins when they have ended.',
        );
      const some = `waits for ${needed - met === open ? '' : `${needed - met} of `}${names} (${met} of ${needed} are there)`;
      return told(some, 'It begins when enough of them have ended.');
    }
    case 'stand-by':
      return told(`stands by for '${reason.of}'`, `It begins if '${reason.of}' fails, and is skipped otherwise.`);
    case 'deciding':
      return told(DECIDING[reason.about], 'Whoever drives the run goes on with it at once.');
    case 'slot': {
      const { of, limit: most } = reason;
      const where = of === '' ? 'the run' : `the block '${of}'`;
      const full = `waits for one of the ${most} slots of ${where}`;
      return told(full, 'It begins when an attempt there ends.');
    }
    case 'turn':
      return told(`waits for its turn: '${reason.of}' comes first`, `It begins when '${reason.of}' has ended.`);
    case 'budget': {
      const { of, budget, limit: most, spent, reserved, agent, most: own, asked } = reason;
      const whose = `${of === '' ? 'the run' : `the block '${of}'`}${agent === undefined ? '' : ` for '${agent}'`}`;
      if (asked !== undefined)
        return told(
          `needs more than what is left of the budget of ${unitsText(budget, most)} of ${whose}, which '${asked}' asks for`,
          `It begins when the form of '${asked}' is answered with more, and fails otherwise.`,
        );
      if (own === undefined)
        return told(
          `waits for the first attempt of its agent, of which nobody knows how much of the budget of ${unitsText(budget, most)} of ${whose} it uses`,
          'It begins when that has ended. An agent that declares maxUsage need not wait.',
        );
      return told(
        `may use ${unitsText(budget, own)}, for which there is no room now in the budget of ${most} of ${whose}: ${areSpent(spent)}, and what is under way may use ${reserved}`,
        'It begins when one of them has ended and used less, or fails.',
      );
    }
    case 'place':
      return told(
        `waits for one of the ${reason.limit} places of '${reason.of}'`,
        'It goes on when another item ends or waits.',
      );
    case 'mutex': {
      const { key, holder, ahead, across, run } = reason;
      if (run !== undefined) {
        const others = ahead > 0 ? ` (${ahead} more ${ahead === 1 ? 'run' : 'runs'} before it)` : '';
        return told(
          `waits for the mutex '${key}', which run '${run}' has${others}`,
          'It begins when that has ended with it.',
        );
      }
      if (across !== undefined)
        return told(`waits for the mutex '${key}', which a task of another run has`, 'It begins when that has ended.');
      const others = ahead > 1 ? ` (${ahead - 1} more before it)` : '';
      return told(
        `waits for the mutex '${key}', which '${holder}' has${others}`,
        `It begins when '${holder}' has ended.`,
      );
    }
    case 'admission': {
      const { limit: where, used, most, nextAt, others } = reason;
      const beside = others === 0 ? '' : `, beside ${others === 1 ? '1 other run' : `${others} other runs`}`;
      if (nextAt !== undefined)
        return told(
          `waits for the rate of ${where}${beside}`,
          `The next attempt there may begin ${inTime(nextAt, now)}; it is this one's when its turn has come.`,
        );
      const of = most === undefined ? '' : ` of ${most}`;
      return told(
        `waits for room at ${where}, where ${used}${of} ${used === 1 ? 'is' : 'are'} under way${beside}`,
        'It begins when an attempt there has ended, and its turn has come.',
      );
    }
    case 'rested': {
      const { agent, until, trying } = reason;
      if (trying)
        return told(
          `waits for '${agent}', which failed too often and is being tried with another attempt`,
          `It begins when that ends well${until === undefined ? '' : `; else the next one to try it begins ${inTime(until, now)}`}.`,
        );
      const again = until === undefined ? 'now' : inTime(until, now);
      return told(
        `waits for '${agent}', which failed too often and rests`,
        `The agent is tried again ${again}, with one attempt.`,
      );
    }
    case 'ready':
      return told(
        'is ready',
        `The strategy '${reason.strategy}' assigns it once its agent, and the limits over all runs, have room for it.`,
      );
    case 'strategy':
      return told(
        `waits for what the strategy '${reason.strategy}' decides`,
        reason.wakeAt === undefined ? 'It is asked at once.' : `It is asked again ${inTime(reason.wakeAt, now)}.`,
      );
    case 'nobody': {
      const { agent, capability } = reason;
      const who = agent === undefined ? `with the capability '${capability}'` : `of the agent '${agent}'`;
      return told(`waits for a worker ${who}: none is there`, 'Start a worker that has it, or cancel the run.');
    }
    case 'handed': {
      const { attempt, agent, since } = reason;
      const waits = `was handed to '${agent}' ${ago(since, now)} as attempt ${attempt}, and has not begun`;
      return told(waits, 'It begins when a worker of the agent has room.');
    }
    case 'working': {
      const { attempt, agent, worker, since, limitAt, undoes } = reason;
      const what = undoes === undefined ? 'is under way' : `undoes '${undoes}'`;
      const who = worker === undefined ? '' : ` (worker ${worker})`;
      if (driven === false) {
        const was = `${what}, as far as is on record: attempt ${attempt} at '${agent}'${who}, begun ${ago(since, now)}`;
        return told(was, 'Whoever drives the run next hears from its worker, or takes the attempt for lost.');
      }
      const waits = `${what}: attempt ${attempt} at '${agent}'${who} for ${formatDuration(Math.max(0, now - since))}`;
      return told(waits, `The agent answers${limit(limitAt)}.`);
    }
    case 'retry': {
      const { attempt, at, error } = reason;
      const after = error === undefined ? '' : ` after ${error.code}`;
      return told(
        `waits for its next attempt${after}`,
        `Attempt ${attempt} may begin ${inTime(at, now)}, or by a retry now.`,
      );
    }
    case 'sleep':
      return told(`sleeps until ${isoOf(reason.until)}`, `It wakes ${inTime(reason.until, now)}.`);
    case 'signal': {
      const { signal, limitAt, hasDefault } = reason;
      const then = hasDefault ? 'its default is taken' : 'its time is up';
      return told(`waits for the signal '${signal}'`, `Somebody sends the signal${limit(limitAt, then)}.`);
    }
    case 'message': {
      const { mailbox, from, until, limitAt, hasDefault, owed, circle, lying } = reason;
      const then = hasDefault ? 'its default is taken' : 'its time is up';
      const whose = from === undefined ? '' : ` from '${from}'`;
      const first = until !== undefined && (limitAt === undefined || until < limitAt) ? until : limitAt;
      const said = owed.slice(0, 3).map((one) => commitmentText(one, now));
      const round = circle.length === 0 ? '' : `; they wait for each other: ${[...circle, circle[0]].join(', ')}`;
      const other =
        lying === 0 ? '' : lying === 1 ? '; one lies there that does not fit' : `; ${lying} lie there that do not fit`;
      const waits = `waits for a message${whose} in '${mailbox}'${said.length === 0 ? '' : `: ${said.join('; ')}`}${round}${other}`;
      return told(waits, `Somebody${circle.length === 0 ? '' : ' else'} sends one${limit(first, then)}.`);
    }
    case 'sent': {
      const { mailbox, holder, limitAt } = reason;
      const where =
        holder !== undefined
          ? `'${holder}' has`
          : mailbox === ''
            ? 'another run has'
            : `${isOutbox(mailbox) ? 'is on its way to' : 'lies in'} ${placeText(mailbox)}`;
      return told(
        `waits until somebody is done with its message, which ${where}`,
        `The message is acknowledged${limit(limitAt)}.`,
      );
    }
    case 'form': {
      const { assignee, limitAt, hasDefault, more } = reason;
      const then = hasDefault ? 'its default is taken' : 'its time is up';
      const who = assignee === undefined ? 'somebody' : `'${assignee}'`;
      if (more !== undefined) {
        const { of, budget, limit: most, agent } = more;
        const whose = `${of === '' ? 'the run' : `the block '${of}'`}${agent === undefined ? '' : ` for '${agent}'`}`;
        return told(
          `needs more than what is left of the budget of ${most} ${budget} of ${whose}, and asks ${who} for it`,
          `The form is answered${limit(limitAt, then)}.`,
        );
      }
      return told(`waits for an answer of ${who}`, `The form is answered${limit(limitAt, then)}.`);
    }
    case 'child': {
      const { run, toldToEnd, limitAt } = reason;
      const waits = `waits for the end of the child run '${run}'${toldToEnd ? ', which was told to end' : ''}`;
      return told(waits, `The child run ends${limit(limitAt)}; it can be explained in turn.`);
    }
    case 'block': {
      const { handling, open, round } = reason;
      const names = listed(reason.waitsFor, open);
      if (handling !== undefined)
        return told(
          `handles the failure of '${handling.taskId}': waits for ${names}`,
          'It goes on when its handler is through.',
        );
      const rounds = round > 1 ? `, in round ${round}` : '';
      return told(`waits for ${names}${rounds}`, 'It goes on when what is in it has ended.');
    }
    case 'items': {
      const { ended, total, open, queued, completed, need, yielded } = reason;
      const more = queued === 0 ? '' : `, ${queued} to come`;
      const far = `${ended} of ${total} have ended, ${open} open${more}`;
      if (yielded)
        return told(
          `has what it is for, and goes on: ${far}`,
          'What comes after it has begun; it ends when its items have.',
        );
      if (need !== undefined)
        return told(
          `waits for ${need} of its items to complete: ${completed} have, ${far}`,
          'What comes after it begins when enough of them have completed.',
        );
      return told(`waits for its items: ${far}`, 'It ends when all of its items have.');
    }
    case 'fallback':
      return told(
        `failed${withCode(reason.error)}, and '${reason.task}' stands in for it`,
        `It ends as '${reason.task}' does.`,
      );
    case 'closing': {
      const { why, open, undo } = reason;
      if (open > 0)
        return told(`is ending (${WHY[why]}): waits for ${listed(reason.waitsFor, open)}`, 'It ends when they have.');
      const next = undo === undefined ? '' : `: '${undo}' is undone next`;
      return told(`is ending (${WHY[why]})${next}`, 'Whoever drives the run goes on with it at once.');
    }
    case 'paused':
      return told(`is held up because the run is ${pausedText(reason.by)}`, resumeText(reason.by));
    case 'parked':
      return told('is held up because the run is parked', 'Mend what parked the run and resume it, or cancel it.');
    case 'held':
      return told(
        `is held up here: ${reason.message.replace(/\.$/, '')}`,
        HELD[reason.hold] ?? 'Mend what holds the run.',
      );
    default:
      return reason satisfies never;
  }
}

/** By whom a run is paused. */
export function pausedText(by: readonly PausedBy[], parent = 'its parent'): string {
  if (!by.includes('parent')) return 'paused';
  return by.includes('user') ? `paused by hand, and with ${parent}` : `paused with ${parent}`;
}

/** What lets it go on. */
export function resumeText(by: readonly PausedBy[]): string {
  if (!by.includes('parent')) return 'Resume the run.';
  return by.includes('user') ? 'Resume the run, and its parent.' : 'Resume its parent.';
}

const DECIDING = {
  condition: 'is about to be asked for its condition',
  items: 'is about to get its items',
  start: 'is about to begin',
  outcome: 'is about to be decided on',
} as const;

const WHY = {
  failure: 'it failed',
  limit: 'its time is up',
  cancel: 'it is cancelled',
  join: 'a join does not need it',
  while: 'its while holds no longer',
  list: 'its list has what it is for',
  team: 'the strategy of its block does not want it',
  end: 'an end in it',
  skip: 'it is to be skipped',
  override: 'its output was given',
  within: 'with what it is in',
} as const;

/** Of the process that drives the run. */
export const DRAINING =
  'The process that drives the runs is stopping: it waits for what is under way, and begins nothing new.';

const HELD: Readonly<Record<string, string>> = {
  function: 'Register the version of the workflow that the run started with, fork the run, or cancel it.',
  strategy: 'It is asked again after a while; mend or install the strategy.',
  draining: 'It begins once another process drives the run.',
  fault: 'It is looked at again after a while; mend the history or the store.',
};

/** Some ids, and how many more there are. */
export function listed(ids: readonly string[], count: number): string {
  const names = ids.map((id) => `'${id}'`);
  const more = count - names.length;
  if (more > 0) return `${names.join(', ')} and ${more} more`;
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

export const errorText = ({ code, message }: ErrorData): string => `${code}: ${message}`;

const withCode = (error: ErrorData | undefined): string => (error === undefined ? '' : ` with ${error.code}`);

const ago = (at: number, now: number): string => `${formatDuration(Math.max(0, now - at))} ago`;

const inTime = (at: number, now: number): string =>
  at > now ? `in ${formatDuration(at - now)}` : `now: it was due ${ago(at, now)}`;

/** As ISO 8601; of a time that no date can show, the number. */
const isoOf = (at: number): string => (Math.abs(at) <= 8.64e15 ? new Date(at).toISOString() : String(at));
