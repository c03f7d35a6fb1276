import { MAX_LEVELS } from '../shared/task-path.ts';
import type { Catch, TaskDefinition, WorkflowDefinition } from './definition.ts';
import { fallbacksOf } from './fallbacks.ts';
import { clauseLabel, escaped, labelOf, quoted, shape, text } from './mermaid-labels.ts';

/** States that have a look of their own in the picture. */
const STATE_STYLES: Readonly<Record<string, string>> = {
  pending: 'fill:#f5f5f5,stroke:#9e9e9e,color:#616161',
  ready: 'fill:#e3f2fd,stroke:#1e88e5,color:#0d47a1',
  scheduled: 'fill:#e3f2fd,stroke:#1e88e5,color:#0d47a1',
  running: 'fill:#fff8e1,stroke:#ffa000,color:#7f4f00',
  waiting: 'fill:#fff3e0,stroke:#ef6c00,color:#7f3600',
  completed: 'fill:#e8f5e9,stroke:#43a047,color:#1b5e20',
  failed: 'fill:#ffebee,stroke:#e53935,color:#b71c1c',
  skipped: 'fill:#fafafa,stroke:#bdbdbd,color:#9e9e9e,stroke-dasharray:4 3',
  cancelled: 'fill:#eceff1,stroke:#78909c,color:#455a64',
};

/**
 * The definition as a Mermaid flowchart: an arrow for each edge, with the case and the condition of the task that it leads to; scopes as
 * frames around their tasks; a forEach as a framed box; what happens on failure (fallbacks, catches and their handlers, compensations)
 * dotted; repeats as thick arrows back. `states` (by definition path: `book/pay`) colours the tasks.
 */
export function toMermaid(definition: WorkflowDefinition, states?: Readonly<Record<string, string>>): string {
  const picture = new Picture();
  picture.draw(definition.tasks, { name: 't', path: '', indent: '  ', level: 1 });
  picture.drawCatch(definition.catch, { name: 'w', path: '', indent: '  ', level: 1 });
  const lines = ['flowchart TD', ...picture.nodes, ...picture.edges, ...classes(picture.names, states ?? {})];
  return `${lines.join('\n')}\n`;
}

interface Place {
  /** What the names of nodes begin with. */
  readonly name: string;
  /** Path of the block, with a slash after it: `book/`. */
  readonly path: string;
  readonly indent: string;
  readonly level: number;
}

class Picture {
  readonly nodes: string[] = [];
  readonly edges: string[] = [];
  /** Names of nodes by definition path. */
  readonly names = new Map<string, string>();

  draw(tasks: readonly TaskDefinition[], place: Place): void {
    const own = new Map(tasks.map((task, index) => [task.id, `${place.name}${index}`]));
    for (const [index, task] of tasks.entries()) {
      const name = `${place.name}${index}`;
      this.names.set(`${place.path}${task.id}`, name);
      this.#drawTask(task, name, place);
    }
    for (const task of tasks) this.edges.push(...edges(task, own).map((edge) => `  ${edge}`));
  }

  /** Each clause as a node that its handler comes after. `from`: the node of the block. */
  drawCatch(clauses: readonly Catch[] | undefined, place: Place, from?: string): void {
    for (const [index, clause] of (clauses ?? []).entries()) {
      const name = `${place.name}c${index}`;
      this.nodes.push(`${place.indent}${name}>${clauseLabel(clause)}]`);
      if (from !== undefined) this.edges.push(`  ${from} -.-> ${name}`);
      const { handler = [] } = clause;
      this.draw(handler, { ...place, name: `${name}_` });
      for (const [task, { after }] of handler.entries()) {
        if (after.length === 0) this.edges.push(`  ${name} -.-> ${name}_${task}`);
      }
    }
  }

  #drawTask(task: TaskDefinition, name: string, place: Place): void {
    const { indent, level } = place;
    if (task.scope === undefined || level >= MAX_LEVELS) {
      this.nodes.push(`${indent}${name}${shape(task)}`);
      return;
    }
    const inside = { path: `${place.path}${task.id}/`, level: level + 1 };
    this.nodes.push(`${indent}subgraph ${name}[${labelOf(task)}]`);
    this.draw(task.scope.tasks, { ...inside, name: `${name}_`, indent: `${indent}  ` });
    this.nodes.push(`${indent}end`);
    // A frame cannot have an arrow to what is inside it.
    this.drawCatch(task.scope.catch, { ...inside, name, indent }, name);
  }
}

function edges(task: TaskDefinition, nodes: ReadonlyMap<string, string>): readonly string[] {
  const self = nodes.get(task.id) ?? '';
  const { compensate } = task;
  const lines: string[] = [];
  for (const id of task.after) {
    const from = nodes.get(id);
    if (from !== undefined) lines.push(`${from} -->${conditions(task, id)} ${self}`);
  }
  let failing = self;
  for (const fallback of fallbacksOf(task)) {
    if (fallback.kind === 'value') break;
    const known = fallback.kind === 'task' ? nodes.get(fallback.task) : `${failing}f`;
    if (known === undefined) break;
    const label = fallback.kind === 'agent' ? `(${quoted(escaped(fallback.agent))})` : '';
    lines.push(`${failing} -.->|"on failure"| ${known}${label}`);
    failing = known;
  }
  if (compensate !== undefined) {
    const who = compensate.agent ?? `any agent that can ${compensate.capability ?? 'do this'}`;
    lines.push(`${self} -.->|"undone by"| ${self}u(${quoted(escaped(who))})`);
  }
  const start = task.repeat === undefined ? undefined : nodes.get(task.repeat.from);
  if (task.repeat !== undefined && start !== undefined) {
    const label = `${text('repeat until ', task.repeat.until, 'repeat until its condition holds')}, ${task.repeat.max} rounds at most`;
    lines.push(`${self} ==>|${quoted(escaped(label))}| ${start}`);
  }
  return lines;
}

/** On an edge: the case of the switch that it comes from, and the condition of the task that it leads to. */
function conditions({ cases, when }: TaskDefinition, from: string): string {
  const name = cases !== undefined && Object.hasOwn(cases, from) ? cases[from] : undefined;
  const parts = [
    ...(name === undefined ? [] : [`case ${name}`]),
    ...(when === undefined ? [] : [text('if ', when, 'if its condition holds')]),
  ];
  return parts.length === 0 ? '' : `|${quoted(escaped(parts.join(', ')))}|`;
}

function classes(names: ReadonlyMap<string, string>, states: Readonly<Record<string, string>>): readonly string[] {
  const members = new Map<string, string[]>();
  for (const [path, name] of names) {
    const state = Object.hasOwn(states, path) ? states[path] : undefined;
    if (state === undefined || !Object.hasOwn(STATE_STYLES, state)) continue;
    const others = members.get(state);
    if (others === undefined) members.set(state, [name]);
    else others.push(name);
  }
  return [...members].flatMap(([state, ids]) => [
    `  classDef ${state} ${STATE_STYLES[state] ?? ''}`,
    `  class ${ids.join(',')} ${state}`,
  ]);
}
