import type { RunEvent } from '@reprise/core';
import { type TaskDefinition, tasksWithin, type WorkflowDefinition } from '../../../../src/definition/definition.ts';
import { isOutcomeUnknown } from '../../../../src/orchestration/task-chaining/failure.ts';
import { outer, taskPaths, undoing } from '../../../../src/shared/task-path.ts';

// What is to be undone, told from the events alone and by other means than those of the engine.

interface Entry {
  readonly id: string;
  /** The block that it is to be undone with. */
  owner: string;
  undone: boolean;
  readonly outcome: 'completed' | 'unknown';
}

/** What is wrong with the compensations of a history that has ended: undone exactly once, last first, and only what is to be undone. */
export function undoFlaws(workflow: WorkflowDefinition, events: readonly RunEvent[]): readonly string[] {
  const definitions = new Map<string, TaskDefinition>();
  collect(workflow.tasks, workflow.catch, '', definitions);
  if (![...definitions.values()].some(({ compensate }) => compensate !== undefined)) return [];
  const ledger = new Ledger(definitions);
  for (const event of events) ledger.note(event);
  return ledger.flaws;
}

function collect(
  tasks: WorkflowDefinition['tasks'],
  clauses: WorkflowDefinition['catch'],
  block: string,
  into: Map<string, TaskDefinition>,
): void {
  for (const task of tasksWithin({ tasks, ...(clauses && { catch: clauses }) })) {
    const path = block === '' ? task.id : `${block}/${task.id}`;
    into.set(path, task);
    if (task.scope !== undefined) collect(task.scope.tasks, task.scope.catch, path, into);
  }
}

class Ledger {
  readonly flaws: string[] = [];
  readonly #definitions: ReadonlyMap<string, TaskDefinition>;
  readonly #entries: Entry[] = [];
  readonly #closing = new Set<string>();
  /** Attempts that would have to be undone: under way, and such as ended so that nobody knows what they did. */
  readonly #underWay = new Map<string, number>();
  readonly #unknown = new Map<string, number>();

  constructor(definitions: ReadonlyMap<string, TaskDefinition>) {
    this.#definitions = definitions;
  }

  note(event: RunEvent): void {
    switch (event.type) {
      case 'TaskScheduled':
        if (this.#isUndoable(event.taskId)) this.#underWay.set(event.taskId, event.attempt);
        return;
      case 'TaskAttemptFailed':
        if (!this.#underWay.delete(event.taskId)) return;
        if (event.lost === true || isOutcomeUnknown(event.error)) this.#unknown.set(event.taskId, event.attempt);
        return;
      case 'TaskCompleted':
        if (DOES.has(event.via)) this.#done(event.taskId, event.attempt);
        else if (STANDS_IN.has(event.via)) this.#ended(event.taskId);
        return;
      case 'TaskAttemptCompleted':
      case 'TaskHandedOff':
        if (this.#isUndoable(event.taskId)) this.#done(event.taskId, event.attempt);
        return;
      case 'TasksReset':
        if (event.why === 'repeat' && event.via === undefined) this.#done(event.region, event.attempt ?? 0);
        else if (event.why === 'repeat') this.#ended(event.region);
        else if (event.why === 'catch') this.#due(event.region, `${event.region || 'the run'} begins again`);
        this.#closing.delete(event.region);
        return;
      case 'TaskSkipped':
        if (event.reason === 'manual') this.#ended(event.taskId);
        return;
      case 'TaskFailed':
      case 'TaskCancelled':
        return this.#ended(event.taskId);
      case 'TaskClosing':
        this.#closing.add(event.taskId);
        return;
      case 'CompensationBegan':
        return this.#undo(event.taskId, event.outcome);
      case 'RunFailed':
      case 'RunCancelled':
        return this.#due('', 'the run ends');
      default:
    }
  }

  #isUndoable(taskId: string): boolean {
    return this.#definitions.get(taskPaths(3).definition(taskId))?.compensate !== undefined;
  }

  #done(taskId: string, attempt: number): void {
    const block = outer(taskId)?.block ?? '';
    const absorbs = this.#isUndoable(taskId);
    this.#underWay.delete(taskId);
    this.#unknown.delete(taskId);
    // What was done in a block is done when the block is: after all that was done before.
    const inner = this.#entries.filter(({ owner }) => owner === taskId);
    for (const entry of inner) {
      this.#entries.splice(this.#entries.indexOf(entry), 1);
      this.#entries.push(entry);
      entry.owner = absorbs ? ABSORBED : block;
    }
    if (absorbs)
      this.#entries.push({ id: undoing(taskId, attempt), owner: block, undone: false, outcome: 'completed' });
  }

  /** A task ended otherwise than by what it did itself: nothing that was done in it is left. */
  #ended(taskId: string): void {
    for (const open of [this.#underWay, this.#unknown]) {
      for (const [id, attempt] of open) {
        if (!isIn(id, taskId)) continue;
        open.delete(id);
        this.#entries.push({
          id: undoing(id, attempt),
          owner: outer(id)?.block ?? '',
          undone: false,
          outcome: 'unknown',
        });
      }
    }
    this.#due(taskId, `${taskId} ends`);
    this.#closing.delete(taskId);
  }

  #due(path: string, when: string): void {
    for (const { id, owner, undone } of this.#entries)
      if (!undone && isIn(owner, path)) this.flaws.push(`${id} is not undone when ${when}`);
  }

  #undo(id: string, outcome: string): void {
    const at = this.#entries.findLastIndex((entry) => entry.id === id);
    const entry = this.#entries[at];
    if (entry === undefined) return void this.flaws.push(`${id} is undone, and was not done`);
    if (entry.outcome !== outcome) this.flaws.push(`${id} is undone as ${outcome}, and is ${entry.outcome}`);
    if (entry.undone) this.flaws.push(`${id} is undone twice`);
    if (entry.owner === ABSORBED) this.flaws.push(`${id} is undone, and its block is what would be`);
    entry.undone = true;
    const block = [...this.#closing].some((top) => isIn(entry.owner, top));
    // A task that is given up is undone by itself.
    const own = block ? undefined : [...this.#closing].find((top) => isIn(taskOf(entry), top));
    if (!block && own === undefined) this.flaws.push(`${id} is undone, and nothing around it closes`);
    const later = this.#entries
      .slice(at + 1)
      .find((other) => !other.undone && other.owner === entry.owner && (own === undefined || isIn(taskOf(other), own)));
    if (later !== undefined) this.flaws.push(`${id} is undone before ${later.id}, which was done later`);
  }
}

const DOES: ReadonlySet<string> = new Set(['agent', 'child', 'scope', 'override']);
const STANDS_IN: ReadonlySet<string> = new Set(['fallback-value', 'fallback-task']);

const taskOf = ({ id }: Entry): string => id.slice(0, id.lastIndexOf('@'));

const ABSORBED = '(absorbed)';

/** Whether a block is a task (the run, for ''), or in it. */
const isIn = (block: string, path: string): boolean =>
  block !== ABSORBED && (path === '' || block === path || block.startsWith(`${path}/`) || block.startsWith(`${path}[`));
