import { everyOf } from '../../../definition/asked-of.ts';
import type { Permission, TaskDefinition } from '../../../definition/definition.ts';
import { standInOf } from '../../../definition/fallbacks.ts';
import { dependentsOf } from '../../../definition/graph.ts';
import { type ErrorData, errorData } from '../../../shared/errors.ts';
import { copyJson, type Json, jsonProblem } from '../../../shared/json.ts';
import { jsonSize, roughSize } from '../../../shared/json-size.ts';
import { inside, isInside } from '../../../shared/task-path.ts';
import { listAround } from '../binding-source.ts';
import type { CompleteTask } from '../commands.ts';
import {
  type Directive,
  type GoTo,
  type HandOff,
  MAX_HAND_OFFS,
  notAllowed,
  permissionOf,
  type Spawn,
} from '../directives.ts';
import type { PutBefore, RunEvent, TaskHandedOff, TasksAdded } from '../events.ts';
import { saidWithOutput } from '../messaging/saying.ts';
import { link } from '../outside/link.ts';
import { cancelNamed, namedFrom } from '../performers/cancel.ts';
import { definitionOf, type RunState, type TaskState } from '../state.ts';
import { sizeOfAdded } from '../transitions/hold.ts';
import { directivesFlaw } from '../untrusted/directive-shape.ts';
import { itemsAdded } from './add-items.ts';
import { additionProblem } from './add-tasks.ts';
import type { DecisionContext } from './decision-context.ts';
import { goneBack } from './go-back.ts';
import { beyondLimit } from './outcome.ts';
import { permissionsOf } from './permissions.ts';
import { asError, isRefusal } from './refusal.ts';
import { untakenProblem } from './untaken.ts';

/** What the directives of a completion come to. */
export type Directed =
  | {
      /** Before anything else: what it says. */
      readonly said: readonly RunEvent[];
      /** Before the end of the attempt. */
      readonly first: readonly RunEvent[];
      /** After it. */
      readonly last: readonly RunEvent[];
      /** What the block gives, when the agent ended it. */
      readonly ends?: Json;
      /** That is all: the task goes on with another agent. */
      readonly handedOff?: true;
      /** The run goes back: the task is not asked whether it repeats. */
      readonly final?: true;
    }
  | { readonly error: ErrorData };

/**
 * Checks all that an agent wants with its output, and says it as events. Nothing of it takes effect by halves: the first thing that cannot be is the
 * error of the attempt. They came over a transport, so they are looked at as what they may be: anything.
 */
export function directed(
  state: RunState,
  task: TaskState,
  { directives, output, commandId }: CompleteTask,
  context: DecisionContext,
): Directed {
  const refused = (why: string): Directed => ({ error: refusal(task, why) });
  const plain = jsonProblem(directives);
  if (plain !== undefined) return refused(`they are no plain JSON, ${plain}`);
  const flaw = directivesFlaw(directives);
  if (flaw !== undefined) return refused(`${flaw.field} ${flaw.problem}`);
  const given = directives as readonly Directive[];
  if (state.rules < 3) return refused(`the run keeps the rules ${state.rules}, under which there are none`);
  const may = permissionsOf(state, task);
  for (const one of given) {
    const asked = permissionOf(one);
    // Whoever may not send may answer: that is looked at below.
    if (asked === 'send') continue;
    // That would be no other the next time.
    if (!may.includes(asked)) return { error: { ...refusal(task, notAllowed(task, asked, may)), retryable: false } };
  }
  const { maxPayloadChars } = context;
  if (jsonSize(given as unknown as Json, maxPayloadChars) > maxPayloadChars)
    return refused(`they are larger than the limit of ${maxPayloadChars} characters of JSON`);
  const spawns = given.filter((one) => one.kind === 'spawn');
  const finishes = given.filter((one) => one.kind === 'finish');
  const [finish, another] = finishes;
  const [handOff, second] = given.filter((one) => one.kind === 'handOff');
  if (second !== undefined) return refused(`it is handed to '${handOff?.agent}' and to '${second.agent}'; choose one`);
  if (handOff !== undefined && finish !== undefined)
    return refused('it is handed to another agent, and its block is finished; do one of the two');
  if (another !== undefined) return refused('the block is finished twice; it has one output');
  if (finish !== undefined && spawns.length > 0)
    return refused('tasks are added to the block that is finished: they would never run; do one of the two');
  const added = spawns.length === 0 ? undefined : additionOf(task, spawns, commandId, context);
  const wrong = added === undefined ? undefined : spawnProblem(state, added, may, context);
  if (wrong !== undefined) return refused(wrong);
  const cancels = [...new Set(given.flatMap((one) => (one.kind === 'cancel' ? one.tasks : [])))];
  const missing = cancels.find((id) => namedFrom(state, task.scope, id) === undefined);
  if (missing !== undefined)
    return refused(`'${missing}' is to be cancelled, and there is no such task in its block or around it`);
  if (cancels.some((id) => namedFrom(state, task.scope, id) === task))
    return refused('it would cancel itself; its attempt ends with its output');
  for (const id of cancels) {
    const origin = state.graph.node(namedFrom(state, task.scope, id)?.definitionId ?? '')?.fallbackFor;
    if (origin !== undefined) return refused(`'${id}' runs only as the fallback of '${origin}'; cancel that one`);
  }
  const messages = given.flatMap((one) => (one.kind === 'send' ? [one.message] : []));
  const said = saidWithOutput(state, task, messages, context);
  // That would be no other the next time.
  if (isRefusal(said) && said.code === 'REPRISE_BUDGET_EXHAUSTED') return { error: asError(said) };
  if (isRefusal(said)) return refused(`${said.message.replace(/\.$/, '')} (${said.code})`);
  const last = cancelNamed(state, task, cancels, context.now).events;
  const changed = changesOf(state, task, given, commandId, context);
  if ('why' in changed) return refused(changed.why);
  const [goTo, other] = given.filter((one) => one.kind === 'goto');
  if (other !== undefined) return refused(`it goes back to '${goTo?.task}' and to '${other.task}'; choose one`);
  if (goTo !== undefined && (finish !== undefined || handOff !== undefined))
    return refused(
      `it goes back to '${goTo.task}', and ${finish === undefined ? 'is handed to another agent' : 'its block is finished'}; do one of the two`,
    );
  const back = goTo === undefined ? undefined : backTo(state, task, goTo, given, output, context);
  if (back !== undefined && 'why' in back) return refused(back.why);
  const handed = handOff === undefined ? undefined : handedOff(state, task, handOff, output, context);
  if (handed !== undefined && 'why' in handed) return refused(handed.why);
  const size =
    (added === undefined ? 0 : sizeOfAdded(added.tasks)) +
    (finish === undefined ? 0 : roughSize(finish.output)) +
    (handOff?.input === undefined ? 0 : roughSize(handOff.input)) +
    (goTo === undefined ? 0 : roughSize(goTo.feedback ?? output));
  const over = beyondLimit(state, `what '${task.id}' gave and adds`, size + roughSize(output), context);
  if (over !== undefined) return refused(over.message);
  const first: readonly RunEvent[] = [...(added === undefined ? [] : [added]), ...changed.events];
  if (handed !== undefined) return { said, first: [...first, handed.event, ...last], last: [], handedOff: true };
  if (back !== undefined) return { said, first, last: [...last, ...back.events], final: true };
  return { said, first, last, ...(finish !== undefined && { ends: finish.output }) };
}

/** What happens when the run goes back to a task; or why it cannot. What else the agent wants must not be undone by that at once. */
function backTo(
  state: RunState,
  task: TaskState,
  { task: id, feedback, why: reason }: GoTo,
  given: readonly Directive[],
  output: Json,
  { now: at }: DecisionContext,
): { readonly events: readonly RunEvent[] } | { readonly why: string } {
  const target = namedFrom(state, task.scope, id);
  if (target === undefined)
    return { why: `'${id}' is to begin again, and there is no such task in its block or around it` };
  const said = reason === undefined ? {} : { reason };
  const back = goneBack(state, target, { by: task, feedback: copyJson(feedback ?? output), ...said }, at);
  if ('code' in back) return { why: `${back.message.replace(/\.$/, '')} (${back.code})` };
  const region = new Set([...back.region.restarted, ...back.region.dropped]);
  const isIn = (path: string | undefined): boolean =>
    path !== undefined && (region.has(path) || isInside(path, region));
  const forgotten = given.find(
    (one) =>
      (one.kind === 'spawn' && isIn(task.id)) ||
      (one.kind === 'addItems' && isIn(listAround(state, task)?.list?.id)) ||
      (one.kind === 'cancel' && one.tasks.some((name) => isIn(namedFrom(state, task.scope, name)?.id))),
  );
  return forgotten === undefined
    ? { events: back.events }
    : {
        why: `what it wants with ${forgotten.kind} would be undone at once, because it goes back to '${id}'; do one of the two`,
      };
}

/** A task that is linked, and the items that a list gets; or why that cannot be. */
function changesOf(
  state: RunState,
  task: TaskState,
  given: readonly Directive[],
  commandId: string,
  context: DecisionContext,
): { readonly events: readonly RunEvent[] } | { readonly why: string } {
  const [linked, another] = given.filter((one) => one.kind === 'link');
  // Each is checked against the run as it is: two together could close a circle.
  if (another !== undefined)
    return { why: `'${linked?.task}' is linked, and '${another.task}'; link one task at a time` };
  const events: RunEvent[] = [];
  if (linked !== undefined) {
    const taskId = inside(task.scope, linked.task);
    const answer = link(state, { taskId, after: linked.after, commandId: `${commandId}/link` }, context);
    if ('code' in answer) return { why: `${answer.message.replace(/\.$/, '')} (${answer.code})` };
    events.push(...answer);
  }
  const items = given.flatMap((one) => (one.kind === 'addItems' ? one.items : []));
  if (items.length === 0) return { events };
  const list = listAround(state, task)?.list;
  if (list === undefined)
    return { why: `'${task.id}' is neither an item of a list nor in one, so there is none to add items to` };
  const addedBy = { taskId: task.id, attempt: task.attempt };
  const more = itemsAdded(state, { taskId: list.id, items, commandId: `${commandId}/items`, addedBy }, context);
  if ('code' in more) return { why: `${more.message.replace(/\.$/, '')} (${more.code})` };
  return { events: [...events, more] };
}

/** The task goes on with another agent; or why it may not. */
function handedOff(
  state: RunState,
  task: TaskState,
  { agent, input, why }: HandOff,
  output: Json,
  { now: at, takers }: DecisionContext,
): { readonly event: TaskHandedOff } | { readonly why: string } {
  if ((task.handOffs?.length ?? 0) >= MAX_HAND_OFFS)
    return { why: `'${task.id}' was handed off ${MAX_HAND_OFFS} times in this round, which is as often as it may be` };
  if (takers?.has(agent) === false)
    return { why: `it cannot be handed to '${agent}': no agent that is there is called so (REPRISE_AGENT_UNKNOWN)` };
  const { id: taskId, attempt } = task;
  const isUndoable = definitionOf(state, task)?.compensate !== undefined;
  return {
    event: {
      type: 'TaskHandedOff',
      at,
      taskId,
      attempt,
      agent,
      ...(input !== undefined && { input: copyJson(input) }),
      ...(why !== undefined && { why }),
      ...(isUndoable && { output }),
    },
  };
}

/** What was decided about the attempt takes the directives along only if it ended well. */
export const endsWell = ([first]: readonly RunEvent[]): boolean =>
  first?.type === 'TaskCompleted' || (first?.type === 'TasksReset' && first.via === undefined);

const refusal = ({ id }: TaskState, why: string): ErrorData =>
  errorData(
    'REPRISE_DIRECTIVE_REFUSED',
    `What the agent of '${id}' wanted beside its output cannot be: ${why}.`.slice(0, MAX_CHARS),
  );

const MAX_CHARS = 4000;

/** All that was spawned is one addition: it may name each other. Plain copies, so that whoever sent it keeps no hold on what is recorded. */
function additionOf(
  task: TaskState,
  spawns: readonly Spawn[],
  commandId: string,
  { now: at }: DecisionContext,
): TasksAdded {
  const tasks = JSON.parse(JSON.stringify(spawns.flatMap((one) => one.tasks))) as readonly TaskDefinition[];
  const before = spawns.flatMap((one) => edgesOf(task.scope, one));
  return {
    type: 'TasksAdded',
    at,
    scope: task.scope,
    tasks,
    ...(before.length > 0 && { before }),
    commandId,
    spawnedBy: { taskId: task.id, attempt: task.attempt },
  };
}

/** What is put before something of the run are the last of the tasks: those that none of them comes after. */
function edgesOf(scope: string, { tasks, before = [] }: Spawn): readonly PutBefore[] {
  if (before.length === 0) return [];
  const dependents = dependentsOf(tasks);
  const standIns = new Set(tasks.flatMap((task) => standInOf(task) ?? []));
  const last = tasks.filter(({ id }) => !standIns.has(id) && (dependents.get(id) ?? []).length === 0);
  return before.flatMap((id) => last.map((one) => ({ taskId: inside(scope, id), dependency: one.id })));
}

function spawnProblem(
  state: RunState,
  added: TasksAdded,
  may: readonly Permission[],
  { takers }: DecisionContext,
): string | undefined {
  if (added.tasks.length === 0) return 'no tasks are added; leave the call out';
  const beyond = beyondPermissions(added.tasks, may);
  if (beyond !== undefined) return beyond;
  const found = additionProblem(state, added);
  if (found !== undefined) return `${found.message.replace(/\.$/, '')} (${found.code})`;
  const untaken = untakenProblem(added.tasks, takers);
  return untaken === undefined ? undefined : `${untaken} (REPRISE_AGENT_UNKNOWN)`;
}

/** What an agent adds may do no more than it may itself. */
function beyondPermissions(tasks: readonly TaskDefinition[], may: readonly Permission[]): string | undefined {
  const ending = tasks.find(({ end }) => end !== undefined);
  if (ending !== undefined && !may.includes('finish'))
    return `the added task '${ending.id}' would end the block, which takes may: [finish]`;
  for (const { id, may: wanted = [], cancel } of everyOf(tasks)) {
    if (cancel !== undefined && !may.includes('cancel'))
      return `the added task '${id}' would cancel tasks of the run, which takes may: [cancel]`;
    const more = wanted.find((one) => !may.includes(one));
    if (more !== undefined) return `the agent of the added task '${id}' may ${more}, which that of this task may not`;
  }
  return undefined;
}
