import { formatDuration } from '../shared/duration.ts';
import {
  type Catch,
  type Expression,
  type ForEach,
  type Form,
  isList,
  performerOf,
  type TaskDefinition,
} from './definition.ts';
import { isFields } from './form/read.ts';
import { literalOf } from './template.ts';

/** The node of a task that is no scope, without its name: label and shape. */
export const shape = (task: TaskDefinition): string => framed(task, labelOf(task));

/** A label that is quoted already in the shape of what the task is. */
export function framed(task: TaskDefinition, label: string): string {
  if (isList(task)) return `[[${label}]]`;
  switch (performerOf(task)) {
    case 'workflow':
      return `[\\${label}/]`;
    case 'wait':
      return `{{${label}}}`;
    case 'sleep':
      return `[/${label}\\]`;
    case 'set':
      return `[/${label}/]`;
    case 'send':
      return `>${label}]`;
    case 'switch':
      return `{${label}}`;
    case 'cancel':
      return `>${label}]`;
    case 'end':
      return `(((${label})))`;
    case 'raise':
      return `((${label}))`;
    case 'agent':
    case 'capability':
    case 'scope':
      return task.when === undefined && task.while === undefined ? `[${label}]` : `([${label}])`;
  }
}

/** The id of a task, who does it, and what is particular about it. */
export function labelOf(task: TaskDefinition): string {
  const { id, forEach, scope, join, after, rest, while: milestone, may } = task;
  const loop = scope?.loop;
  const until = loop?.until ?? loop?.while;
  const worker = workOf(task);
  return lines(
    id,
    worker === id ? '' : worker,
    forEach ? text('for each of ', forEach.items, 'for each item') : '',
    milestone ? text('while ', milestone, 'while its condition holds') : '',
    forEach ? enoughOf(forEach) : '',
    loop && until
      ? `${text(loop.until ? 'loop until ' : 'loop while ', until, 'loop')}, ${loop.max} rounds at most`
      : '',
    join === undefined || join === 'all'
      ? ''
      : join === 'each'
        ? 'for each that completed'
        : `when ${join === 'any' ? 1 : join} of ${after.length} completed${rest === 'cancel' ? ', the rest cancelled' : ''}`,
    may === undefined ? '' : `may ${may.join(', ')}`,
  );
}

/** When a list has what it is for before all of it has ended. */
function enoughOf({ need, until, rest }: ForEach): string {
  const parts = [
    ...(need === undefined
      ? []
      : [
          typeof need === 'number'
            ? `${need} are needed`
            : text('as many are needed as ', need, 'as many as are needed'),
        ]),
    ...(until === undefined ? [] : [text('until ', until, 'until its condition holds')]),
    ...(rest === 'cancel' ? ['the rest cancelled'] : []),
  ];
  return parts.join(', ');
}

/** What a form is called: by its schema. */
function titleOf(form: Form | undefined): string {
  const title = isFields(form?.schema) ? form.schema['title'] : undefined;
  const name = typeof title === 'string' && title !== '' ? `: ${title}` : '';
  return `${form?.assignee ? text('', form.assignee, 'somebody') : 'somebody'}${name}`;
}

/** Who or what does it. */
export function workOf(task: TaskDefinition): string {
  const { agent, capability, workflow, wait, sleep, set, send, cancel, end, raise } = task;
  switch (performerOf(task)) {
    case 'agent':
      return agent ?? `any agent that can ${capability ?? 'do this'}`;
    case 'capability':
      return `any agent that can ${capability ?? 'do this'}`;
    case 'workflow':
      return `workflow ${workflow?.name ?? ''}${workflow?.version === undefined ? '' : ` ${workflow.version}`}`;
    case 'wait':
      if (wait?.message) return 'waits for a message';
      return wait?.signal ? text('waits for ', wait.signal, 'waits for a signal') : `asks ${titleOf(wait?.form)}`;
    case 'sleep':
      if (sleep?.kind === 'for') return `sleeps ${formatDuration(sleep.ms)}`;
      return sleep?.kind === 'until' ? text('sleeps until ', sleep.moment, 'sleeps') : 'sleeps';
    case 'set':
      return set ? text('= ', set, 'a value') : '';
    case 'send':
      if (send?.topic) return text('publishes to ', send.topic, 'publishes a message');
      if (!send?.to) return '';
      return send.until === 'replied'
        ? text('asks ', send.to, 'asks somebody')
        : text('sends to ', send.to, 'sends a message');
    case 'cancel':
      return `${cancel?.complete === true ? 'completes' : 'cancels'} ${cancel?.tasks.join(', ') ?? ''}`;
    case 'end':
      return end?.output ? text('end with ', end.output, 'end') : 'end';
    case 'raise':
      return `raises ${raise?.code ?? ''}`;
    case 'scope':
    case 'switch':
      return '';
  }
}

/** What a clause of a catch is for, and what it does. */
export function clauseLabel({ codes, causes, tasks, when, then, max }: Catch): string {
  const filters = [
    ...(codes ?? []),
    ...(causes ?? []).map((code) => `because of ${code}`),
    ...(tasks ?? []).map((id) => `of ${id}`),
  ];
  return lines(
    filters.length === 0 ? 'catch' : `catch ${filters.join(', ')}`,
    when ? text('if ', when, 'if its condition holds') : '',
    `then ${then}${max === undefined ? '' : `, ${max} times at most`}`,
  );
}

/** A quoted label of some lines; empty ones are left out. */
export const lines = (...parts: readonly string[]): string =>
  quoted(
    parts
      .filter((part) => part !== '')
      .map(escaped)
      .join('<br/>'),
  );

/** What an expression says after `lead`, short enough for a label; `otherwise` for a function of which only the digest is recorded. */
export function text(lead: string, expression: Expression, otherwise: string): string {
  if (expression.kind === 'function' && expression.fn === undefined) return otherwise;
  const line = wordsOf(expression).replaceAll(/\s+/g, ' ').trim();
  return `${lead}${line.length > 60 ? `${line.slice(0, 57)}...` : line}`;
}

function wordsOf(expression: Expression): string {
  switch (expression.kind) {
    case 'cel':
      return expression.source;
    case 'function':
      return Function.prototype.toString.call(expression.fn).replace(/^.*?=>\s*/s, '');
    case 'template':
      return typeof expression.template === 'string' ? literalOf(expression.template) : 'a template';
  }
}

export const quoted = (label: string): string => `"${label}"`;

/**
 * Mermaid reads entities in quoted labels; with these, nothing in a label ends it or is taken for markup, a comment or a directive. What breaks
 * lines, has no form or turns the direction of text is a space.
 */
export const escaped = (label: string): string =>
  label
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu, ' ')
    .replaceAll(/[#"<>&`\\|{}[\]%]/g, (char) => `#${char.charCodeAt(0)};`);
