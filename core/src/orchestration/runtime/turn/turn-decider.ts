import type { Clock, Random } from '../../../shared/clock.ts';
import type { Transport } from '../../messaging/transport.ts';
import type { Command, NoteAgent } from '../../workflow/commands.ts';
import type { DecisionContext } from '../../workflow/decisions/decision-context.ts';
import { type Effect, mailTimer } from '../../workflow/effects.ts';
import type { CommandRejected, RunEvent } from '../../workflow/events.ts';
import type { Takers } from '../../workflow/explain/explanation.ts';
import { isRefused } from '../../workflow/handle.ts';
import { isUnsettled } from '../../workflow/settle.ts';
import { isTerminal } from '../../workflow/state.ts';
import type { AdmissionTurn } from '../admission/admission-turn.ts';
import { attemptEnd } from '../admission/attempt-end.ts';
import type { AttemptEnd } from '../admission/breaker.ts';
import type { Heart } from '../heart.ts';
import type { InboxItem } from '../inbox.ts';
import type { EngineOptions } from '../options.ts';
import { overdue } from '../recovery.ts';
import { heldByFunctions, heldError } from '../run-hold.ts';
import type { CachedRun } from '../run-repository.ts';
import type { StandingRuns } from '../standing-runs.ts';
import type { Batch, Handled } from './batch.ts';
import { Undecidable } from './containment.ts';
import type { RunReports } from './run-reports.ts';
import type { RunScheduler } from './run-scheduler.ts';
import { canSchedule, mayDecide } from './scheduling-turn.ts';

/** Commands that need no function of a definition, and so work on a run that is held. */
const HELD_COMMANDS: ReadonlySet<string> = new Set([
  'StartRun',
  'CancelRun',
  'PauseRun',
  'ResumeRun',
  'SendSignal',
  'PostMessage',
  'ReceiveMessage',
  'TakeMessages',
  'SettleTaken',
  'NoteHandedOver',
  'NoteUndelivered',
  'EditDeadLetter',
  'RedriveDeadLetters',
  'DiscardDeadLetters',
  'AddItems',
  'ParkRun',
  'RefuseCommand',
  'LinkTasks',
  'UnlinkTasks',
  'SkipTask',
  'OverrideTask',
  'RestartTask',
  'SetPriority',
]);

export interface TurnDeciderParts {
  readonly heart: Heart;
  readonly clock: Clock;
  readonly random: Random;
  readonly options: EngineOptions;
  readonly transport: Pick<Transport, 'spans'>;
  readonly scheduler: RunScheduler;
  readonly standing: StandingRuns;
  /** Who is there, or is to be expected. */
  readonly takers: Takers;
  readonly reports: RunReports;
  drives(runId: string): boolean;
  stopping(): boolean;
}

/** One turn while it is decided. */
interface Deciding {
  readonly run: CachedRun;
  readonly batch: Batch;
  readonly admission: AdmissionTurn;
  readonly context: DecisionContext;
  /** The turn has taken as much as one may. */
  full(): boolean;
}

/** What a turn has come to. */
export interface Decided {
  /** So many of the items are decided. */
  readonly done: number;
  /** There is more to do by itself, in another turn. */
  readonly again: boolean;
}

/**
 * The synchronous part of a turn: decides items against the state of a run, settles, and lets the strategy schedule. What comes of it is in the
 * batch, and nothing has left yet. Throws Undecidable, naming the item that is to blame, or none.
 */
export class TurnDecider {
  readonly #parts: TurnDeciderParts;
  /** What was due before a run was read here, or while it was parked. */
  readonly #pastDue: InboxItem;

  constructor(parts: TurnDeciderParts) {
    this.#parts = parts;
    this.#pastDue = {
      derive: (state, now) => (parts.drives(state.runId) ? overdue(state, parts.heart.openEffects, now) : []),
    };
  }

  /** `turn`: who is told of each event, and asked for notes. */
  context(turn?: Pick<DecisionContext, 'folded' | 'notes'>): DecisionContext {
    const { clock, random, options, takers, transport } = this.#parts;
    const { maxPayloadChars, maxRunChars, sliceChars } = options;
    const claims = transport.spans === true;
    return { now: clock.now(), random, maxPayloadChars, maxRunChars, sliceChars, takers, claims, ...turn };
  }

  decide(run: CachedRun, items: readonly InboxItem[], batch: Batch, admission: AdmissionTurn): Decided {
    const { sliceChars } = this.#parts.options;
    const full = (): boolean => batch.chars > sliceChars;
    const folded = this.#collector(run, batch, admission);
    const context = this.context({ folded, notes: () => this.#notes(run, admission) });
    const turn: Deciding = { run, batch, admission, context, full };
    let done = 0;
    if (!run.fresh || this.#handle(turn, this.#pastDue)) {
      for (const item of items) {
        if (!this.#handle(turn, item)) break;
        done += 1;
        if (full()) break;
      }
    }
    const again = done === items.length ? this.#goOn(turn) : this.#hold(run);
    admission.close(this.#parts.drives(run.runId) && canSchedule(run.state));
    return { done, again };
  }

  /** Effects are computed as each event is folded: they follow from the state that the event left. */
  #collector({ runId, state }: CachedRun, batch: Batch, admission: AdmissionTurn): (event: RunEvent) => void {
    const { heart } = this.#parts;
    return (event) => {
      if (!this.#parts.drives(runId)) return;
      for (const effect of heart.effectsOf(state, event)) {
        batch.effects.push(effect);
        if (effect.kind === 'close-attempt' || effect.kind === 'listen')
          admission.release(effect.taskId, effect.attempt, endIn(event, effect));
      }
    };
  }

  /** What admission has learned of agents from what was folded. */
  #notes({ runId, state }: CachedRun, admission: AdmissionTurn): readonly NoteAgent[] {
    return admission.takeNotes().map((note): NoteAgent => {
      const commandId = `${runId}/agent/${note.agent}/${state.revision}`;
      return { type: 'NoteAgent', commandId, runId, ...note };
    });
  }

  /** False when what the item derives was more than one turn may take: the rest of it is derived again in the next. */
  #handle(turn: Deciding, item: InboxItem): boolean {
    const { run, batch, context } = turn;
    const what = item.command?.type ?? 'recovery';
    const commands =
      item.command === undefined
        ? attempted(what, () => item.derive?.(run.state, context.now) ?? [], item)
        : [item.command];
    // Mostly one command, whose events are handed on as they are; what is derived may be thousands of them.
    const all: RunEvent[] = [];
    let only: readonly RunEvent[] | undefined;
    for (const command of commands) {
      if (item.command === undefined && turn.full()) return false;
      if (run.missing.length > 0 && !HELD_COMMANDS.has(command.type)) {
        const error = heldError(run.state, run.missing);
        this.#parts.reports.tell(run.runId, () => item.failed?.(error));
        return true;
      }
      const before = run.state.status;
      const drives = this.#parts.drives(run.runId);
      // What was due while the run was parked comes before what follows by itself.
      const settles = drives && run.missing.length === 0 && command.type !== 'ResumeRun';
      const given = settles ? context : { ...context, settles };
      const events = attempted(what, () => this.#parts.heart.handle(run.state, command, given), item);
      if (events.length === 0 && drives && command.type === 'FireTimer' && command.timer.kind === 'messages')
        batch.effects.push(...mailTimer(run.state, context.now));
      if (commands.length === 1) only = events;
      else for (const event of events) all.push(event);
      if (isRefused(command, events, before) || isTerminal(before)) continue;
      batch.add(command, events, command.type === 'CopyEvents' ? run.state.lineage?.runId : undefined);
      if (command.type === 'ResumeRun' && drives) this.#handle(turn, this.#pastDue);
    }
    batch.handled.push(handled(item, only ?? all));
    return true;
  }

  /** Whether the run may go on by itself here. */
  #mayGoOn({ runId }: CachedRun): boolean {
    // What were scheduled while stopping would find no worker, and count as lost at the next start.
    return this.#parts.drives(runId) && !this.#parts.stopping();
  }

  /** Notes whether the run is held for want of functions. Nothing follows by itself. */
  #hold(run: CachedRun): false {
    if (this.#mayGoOn(run)) this.#parts.standing.hold(run.runId, heldByFunctions(run.state, run.missing));
    return false;
  }

  /** What follows by itself: the rest of what is to be settled, then scheduling. True when there is more, for another turn. */
  #goOn({ run, batch, admission, context, full }: Deciding): boolean {
    const { heart, scheduler } = this.#parts;
    const { runId, missing, state } = run;
    this.#hold(run);
    if (!this.#mayGoOn(run) || missing.length > 0) return false;
    while (isUnsettled(state) && !full()) {
      const command = { commandId: `${runId}/settle/${state.revision}`, runId };
      const events = attempted('what follows by itself', () => heart.settleOn(state, context));
      if (events.length === 0) break;
      batch.add(command, events);
    }
    const decide = (command: Command): readonly RunEvent[] =>
      attempted(command.type, () => heart.handle(state, command, context));
    if (!full()) scheduler.schedule({ run, now: context.now, batch, admission, full, decide });
    return full() && (isUnsettled(state) || mayDecide(state));
  }
}

/** How an attempt ended, when the event says so of it. */
function endIn(event: RunEvent, { kind, taskId, attempt }: AttemptOver): AttemptEnd | undefined {
  if (kind === 'listen' || !('attempt' in event) || event.attempt !== attempt) return undefined;
  const about = event.type === 'TasksReset' ? event.region : event.taskId;
  return about === taskId ? attemptEnd(event) : undefined;
}

type AttemptOver = Extract<Effect, { readonly kind: 'close-attempt' | 'listen' }>;

function attempted<T>(what: string, work: () => T, item?: InboxItem): T {
  try {
    return work();
  } catch (cause) {
    throw new Undecidable(what, cause, item);
  }
}

export function handled(item: InboxItem, events: readonly RunEvent[]): Handled {
  const rejection =
    item.command?.type === 'CopyEvents'
      ? undefined
      : events.find((event): event is CommandRejected => event.type === 'CommandRejected');
  return { item, outcome: { events, ...(rejection === undefined ? {} : { rejection }) } };
}
