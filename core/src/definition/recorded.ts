import { sha256 } from '../shared/hash.ts';
import { canonicalJson, type JsonObject } from '../shared/json.ts';
import { inside } from '../shared/task-path.ts';
import type {
  Block,
  Catch,
  Expression,
  Fallback,
  ForEach,
  Form,
  MessageFilter,
  Send,
  Sleep,
  TaskDefinition,
  WorkflowDefinition,
} from './definition.ts';

/** The recorded form of a definition: plain JSON. Functions drop out, their digests stay. */
export function recordDefinition(definition: WorkflowDefinition): WorkflowDefinition & JsonObject {
  return JSON.parse(JSON.stringify(definition)) as WorkflowDefinition & JsonObject;
}

/** SHA-256 of the canonical JSON of the recorded form: the same whatever the order of keys. */
export const hashDefinition = (definition: WorkflowDefinition): string =>
  sha256(canonicalJson(recordDefinition(definition)));

export interface BoundDefinition {
  /** The recorded definition with the functions of the registered one. */
  readonly definition: WorkflowDefinition;
  /** Places whose function is nowhere: "task 'audit': input". */
  readonly missing: readonly string[];
  /** Places whose function is not the one that was recorded, by digest. */
  readonly changed: readonly string[];
}

/**
 * Gives the functions of a registered definition back to a recorded one, place by place (task id and slot). What the
 * recorded definition says otherwise stays as recorded. One without functions needs no registered definition.
 */
export function bindDefinition(
  recorded: WorkflowDefinition,
  registered: WorkflowDefinition | undefined,
): BoundDefinition {
  const missing: string[] = [];
  const changed: string[] = [];
  const bind = (place: string, expression: Expression, source: Expression | undefined): Expression => {
    if (expression.kind !== 'function') return expression;
    if (source?.kind !== 'function' || source.fn === undefined) {
      missing.push(place);
      return expression;
    }
    if (source.digest !== expression.digest) changed.push(place);
    return { ...expression, fn: source.fn };
  };
  const tasks = bindTasks('', recorded.tasks, registered?.tasks, bind);
  const output = recorded.output && bind('output', recorded.output, registered?.output);
  const clauses = recorded.catch && bindCatches('', recorded.catch, registered?.catch, bind);
  const bound = { ...recorded, tasks, ...(output && { output }), ...(clauses && { catch: clauses }) };
  return { definition: bound, missing, changed };
}

type Bind = (place: string, expression: Expression, source: Expression | undefined) => Expression;

function bindTasks(
  block: string,
  tasks: readonly TaskDefinition[],
  registered: readonly TaskDefinition[] | undefined,
  bind: Bind,
): readonly TaskDefinition[] {
  const sources = new Map(registered?.map((task) => [task.id, task]));
  return tasks.map((task) => bindTask(inside(block, task.id), task, sources.get(task.id), bind));
}

function bindTask(path: string, task: TaskDefinition, source: TaskDefinition | undefined, bind: Bind): TaskDefinition {
  const one = (slot: string, expression: Expression, from: Expression | undefined): Expression =>
    bind(`task '${path}': ${slot}`, expression, from);
  const {
    when,
    while: milestone,
    input,
    forEach,
    repeat,
    scope,
    wait,
    sleep,
    set,
    send,
    end,
    raise,
    compensate,
    mutex,
  } = task;
  const cases = task.switch?.cases.map((entry, index) => ({
    ...entry,
    when: one(`switch[${index}].when`, entry.when, source?.switch?.cases[index]?.when),
  }));
  return {
    ...task,
    ...(when && { when: one('when', when, source?.when) }),
    ...(milestone && { while: one('while', milestone, source?.while) }),
    ...(input && { input: one('input', input, source?.input) }),
    ...(forEach && { forEach: bindForEach(forEach, source?.forEach, one) }),
    ...(repeat && { repeat: { ...repeat, until: one('repeat.until', repeat.until, source?.repeat?.until) } }),
    ...(scope && { scope: bindBlock(path, scope, source?.scope, bind) }),
    ...(wait && {
      wait: {
        ...wait,
        ...(wait.signal && { signal: one('wait.signal', wait.signal, source?.wait?.signal) }),
        ...(wait.message && { message: bindFilter(wait.message, source?.wait?.message, one) }),
        ...(wait.form && { form: bindForm(wait.form, source?.wait?.form, one) }),
        ...(wait.default && { default: one('wait.default', wait.default, source?.wait?.default) }),
      },
    }),
    ...(sleep && { sleep: bindSleep(sleep, source?.sleep, one) }),
    ...(set && { set: one('set', set, source?.set) }),
    ...(send && { send: bindSend(send, source?.send, one) }),
    ...(task.switch && cases && { switch: { ...task.switch, cases } }),
    ...(end && {
      end: end.output === undefined ? end : { output: one('end.output', end.output, source?.end?.output) },
    }),
    ...(raise && {
      raise: {
        ...raise,
        ...(raise.message && { message: one('raise.message', raise.message, source?.raise?.message) }),
        ...(raise.details && { details: one('raise.details', raise.details, source?.raise?.details) }),
      },
    }),
    ...(compensate && {
      compensate: {
        ...compensate,
        ...(compensate.input && { input: one('compensate.input', compensate.input, source?.compensate?.input) }),
      },
    }),
    ...(task.fallback && { fallback: bindFallback(task.fallback, source?.fallback, 0, one) }),
    ...(mutex && { mutex: { ...mutex, key: one('mutex', mutex.key, source?.mutex?.key) } }),
  };
}

/** Place by place in the order in which they stand in. */
function bindFallback(fallback: Fallback, source: Fallback | undefined, index: number, bind: BindSlot): Fallback {
  if (fallback.kind !== 'agent') return fallback;
  const from = source?.kind === 'agent' ? source : undefined;
  const { input, then } = fallback;
  return {
    ...fallback,
    ...(input && { input: bind(`fallback[${index}].input`, input, from?.input) }),
    ...(then && { then: bindFallback(then, from?.then, index + 1, bind) }),
  };
}

type BindSlot = (slot: string, expression: Expression, source: Expression | undefined) => Expression;

function bindForEach(forEach: ForEach, source: ForEach | undefined, bind: BindSlot): ForEach {
  const { items, need, until } = forEach;
  const from = typeof source?.need === 'object' ? source.need : undefined;
  return {
    ...forEach,
    items: bind('forEach', items, source?.items),
    ...(typeof need === 'object' && { need: bind('forEach.need', need, from) }),
    ...(until && { until: bind('forEach.until', until, source?.until) }),
  };
}

function bindSleep(sleep: Sleep, source: Sleep | undefined, bind: BindSlot): Sleep {
  if (sleep.kind === 'for') return sleep;
  if (sleep.kind === 'until')
    return {
      kind: 'until',
      moment: bind('sleep.until', sleep.moment, source?.kind === 'until' ? source.moment : undefined),
    };
  const from = source?.kind === 'for-computed' ? source.duration : undefined;
  return { kind: 'for-computed', duration: bind('sleep.for', sleep.duration, from) };
}

function bindFilter(filter: MessageFilter, source: MessageFilter | undefined, bind: BindSlot): MessageFilter {
  const { run, conversation, inReplyTo, where } = filter;
  return {
    ...filter,
    ...(run && { run: bind('wait.message.run', run, source?.run) }),
    ...(conversation && { conversation: bind('wait.message.conversation', conversation, source?.conversation) }),
    ...(inReplyTo && { inReplyTo: bind('wait.message.inReplyTo', inReplyTo, source?.inReplyTo) }),
    ...(where && { where: bind('wait.message.where', where, source?.where) }),
  };
}

function bindSend(send: Send, source: Send | undefined, bind: BindSlot): Send {
  const { to, run, topic, data, conversation, inReplyTo } = send;
  return {
    ...send,
    ...(to && { to: bind('send.to', to, source?.to) }),
    ...(run && { run: bind('send.run', run, source?.run) }),
    ...(topic && { topic: bind('send.topic', topic, source?.topic) }),
    ...(data && { data: bind('send.data', data, source?.data) }),
    ...(conversation && { conversation: bind('send.conversation', conversation, source?.conversation) }),
    ...(inReplyTo && { inReplyTo: bind('send.inReplyTo', inReplyTo, source?.inReplyTo) }),
  };
}

function bindForm(form: Form, source: Form | undefined, bind: BindSlot): Form {
  const { assignee, escalate } = form;
  return {
    ...form,
    ...(assignee && { assignee: bind('wait.assignee', assignee, source?.assignee) }),
    ...(escalate && {
      escalate: escalate.map((one, index) => ({
        ...one,
        to: bind(`wait.escalate[${index}].to`, one.to, source?.escalate?.[index]?.to),
      })),
    }),
  };
}

function bindBlock(path: string, block: Block, source: Block | undefined, bind: Bind): Block {
  const one: BindSlot = (slot, expression, from) => bind(`task '${path}': ${slot}`, expression, from);
  const { output, loop } = block;
  return {
    ...block,
    tasks: bindTasks(path, block.tasks, source?.tasks, bind),
    ...(output && { output: one('output', output, source?.output) }),
    ...(block.catch && { catch: bindCatches(path, block.catch, source?.catch, bind) }),
    ...(loop && {
      loop: {
        ...loop,
        ...(loop.while && { while: one('loop.while', loop.while, source?.loop?.while) }),
        ...(loop.until && { until: one('loop.until', loop.until, source?.loop?.until) }),
        ...(loop.feedback && { feedback: one('loop.feedback', loop.feedback, source?.loop?.feedback) }),
      },
    }),
  };
}

function bindCatches(
  path: string,
  clauses: readonly Catch[],
  sources: readonly Catch[] | undefined,
  bind: Bind,
): readonly Catch[] {
  const owner = path === '' ? '' : `task '${path}': `;
  return clauses.map((clause, index) => {
    const source = sources?.[index];
    const { when, output, handler } = clause;
    return {
      ...clause,
      ...(when && { when: bind(`${owner}catch[${index}].when`, when, source?.when) }),
      ...(output && { output: bind(`${owner}catch[${index}].output`, output, source?.output) }),
      ...(handler && { handler: bindTasks(path, handler, source?.handler, bind) }),
    };
  });
}
