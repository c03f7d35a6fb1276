import type { Json } from '../../shared/json.ts';
import type {
  Cancel,
  ChildWorkflow,
  Expression,
  MessageFilter,
  Raise,
  Send,
  Sleep,
  Switch,
  TaskDefinition,
  Wait,
} from '../definition.ts';
import type { Path } from '../problem.ts';
import { budgetForm, durationForm } from './limits-form.ts';

/** How the parts of a definition are written that take a closer look. */
export interface Write {
  computed(expression: Expression, path: Path): string;
  mapped(expression: Expression, path: Path): Json;
  json(value: Json, path: Path): Json;
}

/** What is written in the place of a performer: all but scopes, which hold tasks. */
export function performerForm(task: TaskDefinition, path: Path, write: Write): Readonly<Record<string, Json>> {
  const { agent, capability, workflow, wait, sleep, set, send, switch: choice, cancel, end, raise } = task;
  const at = (key: string): Path => [...path, key];
  const { mapped } = write;
  return {
    ...(agent !== undefined && { agent }),
    ...(capability !== undefined && { capability }),
    ...(workflow && { workflow: childForm(workflow), ...(workflow.budget && { budget: budgetForm(workflow.budget) }) }),
    ...(wait && { wait: waitForm(wait, at('wait'), write) }),
    ...(sleep && { sleep: sleepForm(sleep, at('sleep'), write) }),
    ...(set && { set: mapped(set, at('set')) }),
    ...(send && { send: sendForm(send, at('send'), write) }),
    ...(choice && { switch: switchForm(choice, at('switch'), write) }),
    ...(cancel && { cancel: cancelForm(cancel) }),
    ...(end && { end: end.output === undefined ? {} : { output: mapped(end.output, [...at('end'), 'output']) } }),
    ...(raise && { raise: raiseForm(raise, at('raise'), write) }),
  };
}

const childForm = ({ name, version }: ChildWorkflow): Json => (version === undefined ? name : { name, version });

const waitForm = (wait: Wait, path: Path, write: Write): Json => ({
  ...(wait.message && { message: filterForm(wait.message, [...path, 'message'], write) }),
  ...otherWaitForm(wait, path, write),
});

function filterForm(filter: MessageFilter, path: Path, { computed, mapped, json }: Write): Json {
  const { mailbox, from, run, performative, type, conversation, inReplyTo, where, schema } = filter;
  const form = {
    ...(mailbox !== undefined && { mailbox }),
    ...(from !== undefined && { from }),
    ...(run && { run: mapped(run, [...path, 'run']) }),
    ...(performative !== undefined && { performative }),
    ...(type !== undefined && { type }),
    ...(conversation && { conversation: mapped(conversation, [...path, 'conversation']) }),
    ...(inReplyTo && { inReplyTo: mapped(inReplyTo, [...path, 'inReplyTo']) }),
    ...(where && { where: computed(where, [...path, 'where']) }),
    ...(schema !== undefined && { schema: json(schema, [...path, 'schema']) }),
  };
  return Object.keys(form).length === 0 ? true : form;
}

function sendForm(send: Send, path: Path, { mapped }: Write): Json {
  const { to, run, topic, data, performative, type, conversation, inReplyTo, deadlineMs, expiresMs, drop, until } =
    send;
  return {
    ...(to && { to: mapped(to, [...path, 'to']) }),
    ...(run && { run: mapped(run, [...path, 'run']) }),
    ...(topic && { topic: mapped(topic, [...path, 'topic']) }),
    ...(data && { data: mapped(data, [...path, 'data']) }),
    ...(performative !== undefined && { performative }),
    ...(type !== undefined && { type }),
    ...(conversation && { conversation: mapped(conversation, [...path, 'conversation']) }),
    ...(inReplyTo && { inReplyTo: mapped(inReplyTo, [...path, 'inReplyTo']) }),
    ...(deadlineMs !== undefined && { deadline: durationForm(deadlineMs) }),
    ...(expiresMs !== undefined && { expires: durationForm(expiresMs) }),
    ...(drop !== undefined && { drop }),
    ...(until !== undefined && { until }),
  };
}

const otherWaitForm = ({ signal, buffered, form, default: otherwise }: Wait, path: Path, { mapped, json }: Write) => ({
  ...(signal && { signal: mapped(signal, [...path, 'signal']) }),
  ...(buffered !== undefined && { buffered }),
  ...(form && { form: json(form.schema, [...path, 'form']) }),
  ...(form?.assignee && { assignee: mapped(form.assignee, [...path, 'assignee']) }),
  ...(form?.escalate && {
    escalate: form.escalate.map(({ afterMs, to }, index) => ({
      after: durationForm(afterMs),
      to: mapped(to, [...path, 'escalate', index, 'to']),
    })),
  }),
  ...(otherwise && { default: mapped(otherwise, [...path, 'default']) }),
});

function sleepForm(sleep: Sleep, path: Path, { mapped }: Write): Json {
  switch (sleep.kind) {
    case 'for':
      return durationForm(sleep.ms);
    case 'for-computed':
      return { for: mapped(sleep.duration, [...path, 'for']) };
    case 'until':
      return { until: mapped(sleep.moment, [...path, 'until']) };
  }
}

const switchForm = ({ cases, otherwise }: Switch, path: Path, { computed }: Write): Json => [
  ...cases.map(({ when, then }, index) => ({ when: computed(when, [...path, index, 'when']), then })),
  ...(otherwise === undefined ? [] : [{ else: otherwise }]),
];

function cancelForm({ tasks: [first = '', ...others], complete }: Cancel): Json {
  const tasks = others.length === 0 ? first : [first, ...others];
  return complete === true ? { tasks, complete } : tasks;
}

const raiseForm = ({ code, type, message, status, details }: Raise, path: Path, { mapped }: Write): Json => ({
  code,
  ...(type !== undefined && { type }),
  ...(message && { message: mapped(message, [...path, 'message']) }),
  ...(status !== undefined && { status }),
  ...(details && { details: mapped(details, [...path, 'details']) }),
});
