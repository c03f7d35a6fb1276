import { ATTRIBUTES, SPAN_EVENTS } from '@reprise/core/plugin';
import type { SeenEvent } from '../seen-event.ts';
import { MessageSpans } from './message-spans.ts';
import { errorOf, list, OpenSpan, text } from './open-span.ts';
import type { Span, SpanLink } from './span.ts';
import { linkTo, SpanTree } from './span-tree.ts';
import { TaskSpans } from './task-spans.ts';
import { parseTraceparent, TraceIds } from './trace-ids.ts';

export interface RunSpansOptions {
  readonly eventsPerTrace: number;
  emit(span: Span): void;
  /** The ids of another run, if they are known. */
  traceOf(runId: string): TraceIds | undefined;
}

/** Tasks that the span of a decision names. */
const MAX_NAMED = 32;

/** By the type of the event that ends a run. */
const ENDS: Readonly<Record<string, string>> = {
  RunCompleted: 'completed',
  RunFailed: 'failed',
  RunCancelled: 'cancelled',
};

/** Whether nothing comes after such an event. */
export const isRunEnd = (type: string): boolean => Object.hasOwn(ENDS, type);

/**
 * The spans of one run, folded from its history: run, tasks (blocks, too), attempts, messages and their deliveries, decisions. Each is emitted as it ends;
 * all of it follows from the events, so that it is the same in every process and however often it is made. Takes any event in any order without a throw; what
 * cannot be placed is left out.
 */
export class RunSpans {
  readonly ids: TraceIds;
  readonly #tree: SpanTree;
  readonly #tasks: TaskSpans;
  readonly #messages: MessageSpans;

  /** `first`: the event with which the run began; or, should that be unknown, the first that was seen of it. */
  constructor(first: SeenEvent, options: RunSpansOptions) {
    const { runId, time, facts } = first;
    // Without its beginning the trace is known all the same, and so is the span of the run: every event says it.
    const started = text(facts['traceparent']);
    this.ids = new TraceIds(runId, started ?? first.traceparent);
    const workflow = text(facts['definition.name']);
    const run = new OpenSpan({
      place: this.ids.run,
      parentSpanId: parseTraceparent(started)?.spanId,
      name: workflow === undefined ? 'run' : `run ${workflow}`,
      start: time,
      attributes: {
        [ATTRIBUTES.runId]: runId,
        [ATTRIBUTES.rootRunId]: facts['parent.rootRunId'] ?? runId,
        [ATTRIBUTES.workflow]: workflow,
        [ATTRIBUTES.workflowVersion]: facts['definition.version'],
        [ATTRIBUTES.tenant]: facts['tenant'],
        [facts['lineage.as'] === 'retry' ? ATTRIBUTES.retryOf : ATTRIBUTES.forkOf]: facts['lineage.runId'],
      },
      links: lineageOf(first, options),
    });
    this.#tree = new SpanTree({ ...options, runId }, this.ids, run);
    this.#tasks = new TaskSpans(this.#tree);
    this.#messages = new MessageSpans(this.#tree, options.traceOf);
  }

  /** `isCopied`: from the history of the run that this one goes on from. */
  fold(event: SeenEvent, isCopied: boolean): void {
    const { type, time, facts } = event;
    const { run } = this.#tree;
    this.#tree.isCopied = isCopied;
    if (type.startsWith('Message')) return this.#messages.fold(event);
    switch (type) {
      case 'RunCompleted':
      case 'RunFailed':
      case 'RunCancelled':
        return this.#end(event);
      case 'RunPaused':
        return run.event(SPAN_EVENTS.paused, time);
      case 'RunResumed':
        return run.event(SPAN_EVENTS.resumed, time);
      case 'RunParked':
        return run.event(SPAN_EVENTS.parked, time, errorOf(facts));
      case 'SignalReceived':
        return run.event(SPAN_EVENTS.signal, time, { [ATTRIBUTES.signal]: facts['signal'] });
      case 'CommandRejected':
        return run.event(SPAN_EVENTS.rejected, time, {
          [ATTRIBUTES.command]: facts['command'],
          [ATTRIBUTES.errorType]: facts['code'],
          [ATTRIBUTES.errorMessage]: facts['message'],
        });
      case 'AgentRested':
        return run.event(SPAN_EVENTS.rested, time, { [ATTRIBUTES.agent]: facts['agent'] });
      case 'DecisionMade':
      case 'DecisionRefused':
        return this.#decide(event);
      default:
        return this.#ofTasks(event);
    }
  }

  #ofTasks(event: SeenEvent): void {
    const { type, time, facts } = event;
    const at = this.#tree.spanAt(text(facts['taskId'] ?? facts['scope'] ?? facts['region']) ?? '');
    switch (type) {
      case 'TaskClosing':
        return at.event(SPAN_EVENTS.closing, time, { [ATTRIBUTES.reason]: facts['why'], ...errorOf(facts) });
      case 'TaskExpired':
        return at.event(SPAN_EVENTS.expired, time, errorOf(facts));
      case 'TaskFellBack':
        return at.event(SPAN_EVENTS.fellBack, time, {
          [ATTRIBUTES.agent]: facts['to.agent'],
          [ATTRIBUTES.taskId]: facts['to.task'],
          ...errorOf(facts),
        });
      case 'FormAssigned':
        return at.event(SPAN_EVENTS.assigned, time);
      case 'BudgetReached':
        return at.event(SPAN_EVENTS.budgetReached, time, { [ATTRIBUTES.budget]: facts['budget'] });
      case 'BudgetAsked':
        return at.event(SPAN_EVENTS.budgetAsked, time, { [ATTRIBUTES.budget]: facts['budget'] });
      case 'BudgetRaised':
        return at.event(SPAN_EVENTS.budgetRaised, time);
      case 'ScopeCaught': {
        const scope = text(facts['scope']) ?? '';
        const caught = { [ATTRIBUTES.taskId]: facts['taskId'], ...errorOf(facts) };
        this.#tree.spanAt(scope).event(SPAN_EVENTS.caught, time, caught);
        return this.#tasks.closeInside(scope, event);
      }
      case 'TasksReset':
        return this.#reset(event);
      default:
        return this.#tasks.fold(event);
    }
  }

  #reset(event: SeenEvent): void {
    const { facts, time } = event;
    const region = text(facts['region']) ?? '';
    const why = text(facts['why']);
    if (why === 'repeat') this.#tasks.repeated(region, event);
    else if (why === 'loop' || why === 'catch') this.#tasks.closeInside(region, event);
    this.#tree.spanAt(region).event(SPAN_EVENTS.round, time, { [ATTRIBUTES.reason]: why });
  }

  #decide(event: SeenEvent): void {
    const { facts, time, revision, type } = event;
    const part = this.#tree.partOf(event);
    const kind = text(facts['kind']) ?? '';
    const refused = type === 'DecisionRefused';
    this.#tree.point(
      this.#tree.ids.decision(part, revision),
      part,
      text(facts['scope']) ?? '',
      time,
      {
        name: `decision ${kind}`,
        attributes: {
          [ATTRIBUTES.scope]: facts['scope'],
          [ATTRIBUTES.strategy]: facts['strategy'],
          [ATTRIBUTES.decision]: kind,
          [ATTRIBUTES.decisionNumber]: facts['n'],
          [ATTRIBUTES.decisionTasks]: list(facts['tasks']).slice(0, MAX_NAMED),
          [ATTRIBUTES.decisionWhy]: facts['why'],
          [ATTRIBUTES.errorType]: refused ? facts['code'] : undefined,
          [ATTRIBUTES.errorMessage]: refused ? facts['message'] : undefined,
        },
      },
      refused ? (text(facts['code']) ?? 'refused') : undefined,
    );
  }

  #end(event: SeenEvent): void {
    const { type, time, facts } = event;
    this.#messages.close(time);
    this.#tasks.closeInside('', event);
    this.#tree.endParts(time);
    const { run } = this.#tree;
    run.set({ [ATTRIBUTES.runStatus]: ENDS[type], ...(type === 'RunFailed' ? errorOf(facts) : {}) });
    run.set({ [ATTRIBUTES.reason]: type === 'RunCancelled' ? facts['reason'] : undefined });
    this.#tree.end(run, time, type === 'RunFailed' ? (text(facts['error.code']) ?? 'failed') : undefined);
  }
}

/** The run that it goes on from. */
function lineageOf({ facts }: SeenEvent, { traceOf }: RunSpansOptions): readonly SpanLink[] {
  const source = text(facts['lineage.runId']);
  const ids = source === undefined ? undefined : traceOf(source);
  return ids === undefined ? [] : [linkTo(ids.run, facts['lineage.as'] === 'retry' ? 'retry of' : 'fork of')];
}
