import type { Expression, TaskDefinition, WorkflowDefinition } from './definition.ts';

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
 * The definition as a Mermaid flowchart: an arrow for each edge, with the condition of the task that it leads to; a forEach
 * as a framed box; fallbacks dotted; repeats as thick arrows back. `states` (by task id) colours the tasks.
 */
export function toMermaid(definition: WorkflowDefinition, states?: Readonly<Record<string, string>>): string {
  const nodes = new Map(definition.tasks.map((task, index) => [task.id, `t${index}`]));
  const lines = ['flowchart TD'];
  for (const task of definition.tasks) lines.push(`  ${nodes.get(task.id) ?? ''}${shape(task)}`);
  for (const task of definition.tasks) lines.push(...edges(task, nodes).map((edge) => `  ${edge}`));
  lines.push(...classes(definition, nodes, states ?? {}).map((line) => `  ${line}`));
  return `${lines.join('\n')}\n`;
}

function shape(task: TaskDefinition): string {
  const worker = task.agent ?? `any agent that can ${task.capability ?? 'do this'}`;
  const parts = [
    task.id,
    worker === task.id ? '' : worker,
    task.forEach ? text('for each of ', task.forEach.items, 'for each item') : '',
  ];
  const label = quoted(
    parts
      .filter((part) => part !== '')
      .map(escaped)
      .join('<br/>'),
  );
  if (task.forEach !== undefined) return `[[${label}]]`;
  return task.when === undefined ? `[${label}]` : `([${label}])`;
}

function edges(task: TaskDefinition, nodes: ReadonlyMap<string, string>): readonly string[] {
  const self = nodes.get(task.id) ?? '';
  const condition =
    task.when === undefined ? '' : `|${quoted(escaped(text('if ', task.when, 'if its condition holds')))}|`;
  const lines: string[] = [];
  for (const id of task.after) {
    const from = nodes.get(id);
    if (from !== undefined) lines.push(`${from} -->${condition} ${self}`);
  }
  const standIn = task.fallback?.kind === 'task' ? nodes.get(task.fallback.task) : undefined;
  if (standIn !== undefined) lines.push(`${self} -.->|"on failure"| ${standIn}`);
  if (task.fallback?.kind === 'agent')
    lines.push(`${self} -.->|"on failure"| ${self}f(${quoted(escaped(task.fallback.agent))})`);
  const start = task.repeat === undefined ? undefined : nodes.get(task.repeat.from);
  if (task.repeat !== undefined && start !== undefined) {
    const label = `${text('repeat until ', task.repeat.until, 'repeat until its condition holds')}, ${task.repeat.max} rounds at most`;
    lines.push(`${self} ==>|${quoted(escaped(label))}| ${start}`);
  }
  return lines;
}

function classes(
  definition: WorkflowDefinition,
  nodes: ReadonlyMap<string, string>,
  states: Readonly<Record<string, string>>,
): readonly string[] {
  const members = new Map<string, string[]>();
  for (const task of definition.tasks) {
    const state = Object.hasOwn(states, task.id) ? states[task.id] : undefined;
    if (state === undefined || !Object.hasOwn(STATE_STYLES, state)) continue;
    members.set(state, [...(members.get(state) ?? []), nodes.get(task.id) ?? '']);
  }
  return [...members].flatMap(([state, ids]) => [
    `classDef ${state} ${STATE_STYLES[state] ?? ''}`,
    `class ${ids.join(',')} ${state}`,
  ]);
}

/** What an expression says after `lead`, short enough for a label; `otherwise` for a function of which only the digest is recorded. */
function text(lead: string, expression: Expression, otherwise: string): string {
  if (expression.kind === 'function' && expression.fn === undefined) return otherwise;
  const whole =
    expression.kind === 'cel'
      ? expression.source
      : expression.kind === 'function'
        ? sourceOf(expression.fn)
        : 'a template';
  const line = whole.replaceAll(/\s+/g, ' ').trim();
  return `${lead}${line.length > 60 ? `${line.slice(0, 57)}...` : line}`;
}

const sourceOf = (fn: unknown): string => Function.prototype.toString.call(fn).replace(/^.*?=>\s*/s, '');

const quoted = (label: string): string => `"${label}"`;

/** Mermaid reads entities in quoted labels; with these, nothing in a label ends it or is taken for markup. */
const escaped = (label: string): string =>
  label.replaceAll(/[#"<>&`\\|{}[\]]/g, (char) => `#${char.charCodeAt(0)};`).replaceAll(/[\r\n]+/g, ' ');
