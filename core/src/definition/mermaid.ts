import { MAX_LEVELS } from '../shared/task-path.ts';
import type { Catch, TaskDefinition, WorkflowDefinition } from './definition.ts';
import { fallbacksOf } from './fallbacks.ts';
import { clauseLabel, escaped, labelOf, quoted, shape, text } from './mermaid-labels.ts';

/**
 * The definition as a Mermaid flowchart: an arrow for each edge, with the case and the condition of the task that it leads to; scopes as
 * frames around their tasks; a forEach as a framed box; what happens on failure (fallbacks, catches and their handlers, compensations)
 * dotted; repeats as thick arrows back. `runToMermaid` draws a run.
 */
export function toMermaid(definition: WorkflowDefinition): string {
  const picture = new Picture();
  picture.draw(definition.tasks, { name: 't', indent: '  ', level: 1 });
  picture.drawCatch(definition.catch, { name: 'w', indent: '  ', level: 1 });
  return `${['flowchart TD', ...picture.nodes, ...picture.edges].join('\n')}\n`;
}

interface Place {
  /** What the names of nodes begin with. */
  readonly name: string;
  readonly indent: string;
  readonly level: number;
}

class Picture {
  readonly nodes: string[] = [];
  readonly edges: string[] = [];

  draw(tasks: readonly TaskDefinition[], place: Place): void {
    const own = new Map(tasks.map((task, index) => [task.id, `${place.name}${index}`]));
    for (const [index, task] of tasks.entries()) {
      const name = `${place.name}${index}`;
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
    this.nodes.push(`${indent}subgraph ${name}[${labelOf(task)}]`);
    this.draw(task.scope.tasks, { name: `${name}_`, indent: `${indent}  `, level: level + 1 });
    this.nodes.push(`${indent}end`);
    // A frame cannot have an arrow to what is inside it.
    this.drawCatch(task.scope.catch, { name, indent, level: level + 1 }, name);
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
