import { ATTRIBUTES, enclosing, SPAN_EVENTS } from '@reprise/core/plugin';
import type { Facts, SeenEvent } from '../seen-event.ts';
import { errorOf, number, text } from './open-span.ts';
import { linkTo, type OpenTask, type SpanTree } from './span-tree.ts';

/** How a task or an attempt ended. */
export type Ending = 'completed' | 'failed' | 'cancelled' | 'skipped' | 'lost' | 'handed_off' | 'repeated';

/** Of what performs a task that no agent does, by the member of TaskEntered that only it has. */
const PERFORMERS: Readonly<Record<string, string>> = {
  child: 'child run',
  form: 'form',
  mailbox: 'wait for a message',
  sent: 'send',
  signal: 'wait for a signal',
  until: 'sleep',
};

/** Spans of tasks (blocks and lists are tasks, too) and of their attempts. */
export class TaskSpans {
  readonly #tree: SpanTree;

  constructor(tree: SpanTree) {
    this.#tree = tree;
  }

  fold(event: SeenEvent): void {
    const { type, time, facts } = event;
    const path = text(facts['taskId']) ?? '';
    const task = this.#tree.tasks.get(path);
    switch (type) {
      case 'TaskReady': {
        const ready = this.#begin(event, path, time, undefined);
        ready.readySince = time;
        if (facts['reason'] === 'retry') ready.span.event(SPAN_EVENTS.retry, time);
        break;
      }
      case 'TaskEntered':
        this.#enter(event, path);
        break;
      case 'TaskExpanded':
        this.#begin(event, path, time, 'list');
        break;
      case 'TaskScheduled':
        this.#schedule(event, path);
        break;
      case 'TaskStarted':
        this.#start(event, task);
        break;
      case 'TaskCompleted':
        this.#complete(event, path);
        break;
      case 'TaskAttemptCompleted':
        this.#endAttempt(task, event, 'completed');
        break;
      case 'TaskAttemptFailed':
        this.#endAttempt(task, event, facts['lost'] === true ? 'lost' : 'failed');
        break;
      case 'TaskHandedOff':
        this.#endAttempt(task, event, 'handed_off');
        this.#tree.spanAt(path).event(SPAN_EVENTS.handedOff, time, { [ATTRIBUTES.agent]: facts['agent'] });
        break;
      case 'TaskFailed':
        this.#endAttempt(task, event, 'failed');
        this.#end(this.#begin(event, path, time, undefined), event, 'failed');
        break;
      case 'TaskSkipped':
        this.#end(this.#begin(event, path, time, undefined), event, 'skipped');
        break;
      case 'TaskCancelled':
        this.#end(this.#begin(event, path, time, undefined), event, 'cancelled');
        break;
      case 'TaskRepeated':
        if (task !== undefined) this.#repeat(task, event);
        break;
      default:
        break;
    }
  }

  /** All that is open inside a block, or a list, is over; '' is the run. */
  closeInside(path: string, event: SeenEvent): void {
    // The innermost first: a span ends before what it is in.
    const inside = [...this.#tree.tasks.values()].filter((one) => isInside(one.path, path));
    inside.sort((a, b) => b.path.length - a.path.length);
    for (const task of inside) this.#end(task, event, 'cancelled');
  }

  /** A segment begins again, because the task that ends it is not content. */
  repeated(path: string, event: SeenEvent): void {
    const task = this.#tree.tasks.get(path);
    if (task !== undefined) this.#repeat(task, event);
  }

  #begin(event: SeenEvent, path: string, start: number, performer: string | undefined): OpenTask {
    const known = this.#tree.tasks.get(path);
    if (known !== undefined) return known;
    const part = this.#tree.partOf(event);
    const around = enclosing(path) ?? '';
    const outer = this.#tree.tasks.get(around);
    if (outer !== undefined) outer.hasInside = true;
    const place = this.#tree.ids.task(part, path, event.revision);
    const span = this.#tree.begin(place, part, around, start, {
      name: `task ${path}`,
      attributes: { [ATTRIBUTES.taskId]: path, [ATTRIBUTES.performer]: performer },
    });
    const none = { attempt: undefined, attemptNumber: 0, lastAttempt: undefined };
    const task = { path, part, span, ...none, readySince: start, hasInside: false };
    this.#tree.tasks.set(path, task);
    return task;
  }

  #enter(event: SeenEvent, path: string): void {
    const { facts, time } = event;
    const found = Object.keys(PERFORMERS).find((key) => facts[key] !== undefined);
    const performer = found === undefined ? 'block' : PERFORMERS[found];
    const task = this.#begin(event, path, time, performer);
    task.span.set({ [ATTRIBUTES.performer]: performer });
    // What a child run was started in is the attempt.
    if (found === 'child') this.#beginAttempt(task, event, 'child run', {}, 0);
  }

  #schedule(event: SeenEvent, path: string): void {
    const { facts, time } = event;
    const since = number(facts['readySince']) ?? time;
    const task = this.#begin(event, path, Math.min(since, time), 'agent');
    task.span.set({ [ATTRIBUTES.performer]: 'agent' });
    if (facts['readySince'] !== undefined) task.readySince = since;
    const agent = text(facts['agent']) ?? '';
    this.#beginAttempt(task, event, `invoke_agent ${agent}`, {
      [ATTRIBUTES.operation]: 'invoke_agent',
      [ATTRIBUTES.agent]: agent,
    });
  }

  /** `part`: a child run has the trace that it was started in, whatever part of its parent it belongs to. */
  #beginAttempt(
    task: OpenTask,
    event: SeenEvent,
    name: string,
    attributes: Facts,
    part = this.#tree.partOf(event),
  ): void {
    const { ids } = this.#tree;
    const attempt = number(event.facts['attempt']) ?? 0;
    // One that is still open was overtaken by this: it was lost.
    this.#endAttempt(task, event, 'lost');
    // Its id is the one that the agent was handed; its trace is that of what began at the time.
    const place = { ...ids.attempt(task.path, attempt), traceId: ids.part(part).traceId };
    task.attempt = this.#tree.begin(place, part, task.path, event.time, {
      name,
      attributes: { [ATTRIBUTES.taskId]: task.path, [ATTRIBUTES.attempt]: attempt, ...attributes },
      links: task.lastAttempt === undefined ? [] : [linkTo(task.lastAttempt, 'attempt before')],
    });
    task.attemptNumber = attempt;
  }

  #start({ time, facts }: SeenEvent, task: OpenTask | undefined): void {
    if (task?.attempt === undefined || facts['attempt'] !== task.attemptNumber) return;
    const worker = { [ATTRIBUTES.worker]: facts['worker'] };
    task.attempt.event(SPAN_EVENTS.started, time, worker);
    task.attempt.set({ ...worker, [ATTRIBUTES.queuedMs]: Math.max(0, time - task.readySince) });
  }

  #complete(event: SeenEvent, path: string): void {
    const task = this.#begin(event, path, event.time, undefined);
    this.#endAttempt(task, event, 'completed');
    task.span.set({ [ATTRIBUTES.via]: event.facts['via'], [ATTRIBUTES.errorType]: event.facts['error.code'] });
    this.#end(task, event, 'completed');
  }

  #repeat(task: OpenTask, event: SeenEvent): void {
    this.#endAttempt(task, event, 'completed');
    this.#end(task, event, 'repeated');
  }

  #endAttempt(task: OpenTask | undefined, { time, facts }: SeenEvent, outcome: Ending): void {
    const span = task?.attempt;
    if (task === undefined || span === undefined) return;
    const cost = number(facts['usage.cost']);
    span.set({
      [ATTRIBUTES.attemptOutcome]: outcome,
      [ATTRIBUTES.tokens]: facts['usage.tokens'],
      [ATTRIBUTES.cost]: cost === undefined ? undefined : cost / MILLION,
    });
    if (outcome === 'failed' || outcome === 'lost') span.set(errorOf(facts));
    this.#tree.attemptEnds(task.path, time);
    this.#tree.end(span, time, failureOf(outcome, facts));
    task.attempt = undefined;
    task.lastAttempt = this.#tree.isCopied ? undefined : span.place;
  }

  #end(task: OpenTask, event: SeenEvent, status: Ending): void {
    const { time, facts, type } = event;
    this.#endAttempt(task, event, 'cancelled');
    const { span, path } = task;
    if (status === 'failed' && type === 'TaskFailed') span.set(errorOf(facts));
    span.set({ [ATTRIBUTES.taskStatus]: status });
    this.#tree.tasks.delete(path);
    if (task.hasInside) this.closeInside(path, event);
    this.#tree.end(span, time, failureOf(status, facts));
  }
}

const MILLION = 1_000_000;

const failureOf = (ending: Ending, facts: Facts): string | undefined =>
  ending === 'failed' || ending === 'lost' ? (text(facts['error.code']) ?? ending) : undefined;

/** Whether a path is inside another one, at any depth; '' has all. */
const isInside = (path: string, other: string): boolean =>
  other === '' || (path.startsWith(other) && (path[other.length] === '/' || path[other.length] === '['));
