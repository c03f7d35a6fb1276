import { parseDuration } from '../../shared/duration.ts';
import { isErrorType } from '../../shared/errors.ts';
import { TASK_ID_PATTERN } from '../../shared/task-path.ts';
import {
  type Form,
  isForAgents,
  PERFORMERS,
  type Performer,
  performerOf,
  type TaskDefinition,
  type Wait,
} from '../definition.ts';
import { describe, isFields } from '../form/read.ts';
import { NO_RETRY, NO_RETRY_HERE, NO_RETRY_OF_SCOPES } from '../form/read-limits.ts';
import type { Path, Report } from '../problem.ts';
import { flawText, schemaFlaws } from '../schema/json-schema.ts';
import { checkSchema } from '../schema/schema-problems.ts';
import { checkAgentName, checkBudget, checkName, checkTextTemplate, checkTime, literal } from './value-rules.ts';

/** A task has one performer, which is well formed, and nothing that means nothing beside it. */
export function checkPerformer(task: TaskDefinition, path: Path, report: Report): void {
  const [first, second] = PERFORMERS.filter((performer) => task[performer] !== undefined);
  if (first === undefined) {
    const others = PERFORMERS.slice(2).join(', ');
    report([...path, 'agent'], `is missing: name an agent, or a capability, or another performer (${others})`);
    return;
  }
  if (second !== undefined) {
    report([...path, second], `stands beside ${first === 'agent' ? 'an agent' : `'${first}'`}; keep one of the two`);
  }
  if (task.agent !== undefined) checkAgentName(task.agent, [...path, 'agent'], report);
  if (task.capability !== undefined) checkName(task.capability, [...path, 'capability'], 'a capability', report);
  checkChild(task, path, report);
  checkWait(task, [...path, 'wait'], report);
  checkSleep(task, [...path, 'sleep'], report);
  checkSwitch(task, [...path, 'switch'], report);
  checkRaise(task, [...path, 'raise'], report);
  if (second === undefined) checkCompany(task, path, report);
}

type Companion = 'forEach' | 'repeat' | 'fallback' | 'compensate' | 'input';

const MAX_ESCALATIONS = 32;
const NOTHING_TO_UNDO = 'does nothing that could be undone; leave it out';
const NOBODY = 'is for whom the task is handed to, and here that is nobody; leave it out';

/** What a task may not have because of its performer, and why. */
const REFUSED: Readonly<Partial<Record<Performer, Readonly<Partial<Record<Companion, string>>>>>> = {
  wait: { compensate: NOTHING_TO_UNDO },
  sleep: { compensate: NOTHING_TO_UNDO },
  set: { compensate: NOTHING_TO_UNDO, input: `${NOBODY} (the value of set may read the same)` },
  send: { compensate: NOTHING_TO_UNDO },
  switch: {
    compensate: NOTHING_TO_UNDO,
    forEach: 'a switch chooses once; to choose for each item, put it into a scope that has the forEach',
    repeat: 'a switch may not repeat; let a task after it repeat from it',
  },
  cancel: {
    compensate: NOTHING_TO_UNDO,
    input: NOBODY,
    forEach: 'a cancel names its tasks once; leave it out',
    repeat: 'a cancel ends what it names; let a task before it repeat',
  },
  end: {
    compensate: NOTHING_TO_UNDO,
    input: `${NOBODY} (write end: { output })`,
    forEach: 'an end ends its block, once; leave it out',
    repeat: 'an end ends its block; let a task before it repeat',
    fallback: 'an end ends its block, and nothing can stand in for that; leave it out',
  },
  raise: {
    compensate: NOTHING_TO_UNDO,
    input: `${NOBODY} (write raise: { details })`,
    repeat: 'a raise gives no output that could end a repeat; let a task before it repeat',
  },
};

function checkCompany(task: TaskDefinition, path: Path, report: Report): void {
  const performer = performerOf(task);
  for (const [companion, reason] of Object.entries(REFUSED[performer] ?? {})) {
    if (task[companion as Companion] !== undefined) report([...path, companion], reason);
    else if (companion === 'forEach' && task.join === 'each') report([...path, 'join'], reason);
  }
  if (task.wait !== undefined && task.wait.form === undefined && task.input !== undefined)
    report(
      [...path, 'input'],
      `${NOBODY} (what the ${task.wait.message === undefined ? 'signal' : 'message'} brings is the output)`,
    );
  if (task.send?.data !== undefined && task.input !== undefined)
    report([...path, 'input'], 'is what a send without data sends, and this has data; keep one of the two');
  if (isForAgents(task)) return;
  if (task.delivery === 'at-most-once')
    report(
      [...path, 'delivery'],
      'at-most-once is about attempts of agents, and no agent does this task; leave it out',
    );
  if (task.may !== undefined)
    report([...path, 'may'], 'is what an agent may do to the run, and no agent does this task; leave it out');
  if (task.maxUsage !== undefined)
    report([...path, 'maxUsage'], 'is what an attempt of an agent may use, and no agent does this task; leave it out');
  if (performer === 'workflow') return;
  const { nonRetryable, ...policy } = task.retry;
  const isDefault =
    nonRetryable.length === 0 &&
    Object.entries(policy).every(([key, value]) => value === NO_RETRY[key as keyof typeof policy]);
  if (!isDefault) report([...path, 'retry'], performer === 'scope' ? NO_RETRY_OF_SCOPES : NO_RETRY_HERE);
}

function checkChild({ workflow }: TaskDefinition, path: Path, report: Report): void {
  if (workflow === undefined) return;
  const { name, version, budget } = workflow;
  checkName(name, [...path, 'workflow'], 'a workflow name', report);
  if (version !== undefined) checkName(version, [...path, 'workflow', 'version'], 'a version', report);
  if (budget !== undefined) checkBudget(budget, [...path, 'budget'], report);
}

function checkWait({ wait }: TaskDefinition, path: Path, report: Report): void {
  if (wait?.signal !== undefined) checkTextTemplate(wait.signal, [...path, 'signal'], report);
  if (wait === undefined) return;
  const [first, second] = (['signal', 'form', 'message'] as const).filter((one) => wait[one] !== undefined);
  if (first === undefined) report(path, 'needs signal, form or message');
  if (second !== undefined) report([...path, second], `stands beside a ${first}; keep one of the two`);
  if (wait.form !== undefined) checkForm(wait, wait.form, path, report);
  if (wait.message !== undefined && wait.buffered === false)
    report([...path, 'buffered'], 'is about signals; a mailbox keeps what came, and `where` says what of it is wanted');
}

function checkForm(wait: Wait, { schema, assignee, escalate = [] }: Form, path: Path, report: Report): void {
  checkSchema(schema, [...path, 'form'], report);
  if (assignee !== undefined) checkTextTemplate(assignee, [...path, 'assignee'], report);
  if (escalate.length > MAX_ESCALATIONS) report([...path, 'escalate'], `has more than ${MAX_ESCALATIONS} members`);
  for (const [index, { afterMs, to }] of escalate.entries()) {
    const at = [...path, 'escalate', index];
    checkTime(afterMs, [...at, 'after'], report);
    if (afterMs <= (escalate[index - 1]?.afterMs ?? 0))
      report([...at, 'after'], 'must be later than the one before; all of them count from when the form is opened');
    checkTextTemplate(to, [...at, 'to'], report);
  }
  const value = wait.default && literal(wait.default);
  const flaw = value === undefined ? undefined : schemaFlaws(schema, value)[0];
  if (flaw !== undefined) report([...path, 'default'], `does not fit the form: ${flawText(flaw)}`);
}

/** With a zone: what a moment is may not depend on where it is read. */
const MOMENT = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d))?$/;

function checkSleep({ sleep }: TaskDefinition, path: Path, report: Report): void {
  if (sleep?.kind === 'for') checkTime(sleep.ms, path, report, 0);
  if (sleep?.kind === 'for-computed') {
    const value = literal(sleep.duration);
    if (value !== undefined && parseDuration(value) === undefined)
      report([...path, 'for'], `${describe(value)} is not a duration; write "30s", or CEL: "\${ … }"`);
  }
  if (sleep?.kind === 'until') {
    const value = literal(sleep.moment);
    if (value === undefined) return;
    const fits =
      typeof value === 'string'
        ? MOMENT.test(value) && !Number.isNaN(Date.parse(value))
        : Number.isSafeInteger(value) && Number(value) >= 0;
    if (!fits)
      report(
        [...path, 'until'],
        `${describe(value)} is not a moment; write ISO 8601 with its zone ("2030-01-31T08:00:00Z"), ms since 1970, or CEL: "\${ … }"`,
      );
  }
}

function checkSwitch({ switch: choice }: TaskDefinition, path: Path, report: Report): void {
  if (choice === undefined) return;
  if (choice.cases.length === 0) report(path, 'needs at least one case, { when, then }');
  const check = (name: string, at: Path): void => {
    if (!TASK_ID_PATTERN.test(name))
      report(at, `'${name}' is not the name of a case: use 1 to 128 letters, digits, ".", "_" or "-"`);
  };
  for (const [index, { then }] of choice.cases.entries()) check(then, [...path, index, 'then']);
  if (choice.otherwise !== undefined) check(choice.otherwise, [...path, choice.cases.length, 'else']);
}

function checkRaise({ raise }: TaskDefinition, path: Path, report: Report): void {
  if (raise === undefined) return;
  const { code, type, message, status, details } = raise;
  if (code.startsWith('REPRISE_'))
    report([...path, 'code'], 'begins with REPRISE_, as the codes of the engine do; choose another beginning');
  if (code === '' || code.length > 128) report([...path, 'code'], 'must have 1 to 128 characters');
  if (type !== undefined && !isErrorType(type))
    report(
      [...path, 'type'],
      `${describe(type)} is not a URI of 1,024 characters at most; write one such as "https://example.com/errors/declined"`,
    );
  if (message !== undefined) checkTextTemplate(message, [...path, 'message'], report);
  if (status !== undefined && !Number.isSafeInteger(status))
    report([...path, 'status'], `must be a whole number, not ${status}`);
  const value = details && literal(details);
  if (value !== undefined && !isFields(value))
    report([...path, 'details'], `must be an object, not ${describe(value)}`);
}
