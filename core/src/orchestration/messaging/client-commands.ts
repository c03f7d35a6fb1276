import { recordDefinition } from '../../definition/recorded.ts';
import { toIsoTime } from '../../shared/clock.ts';
import { ID_PATTERN } from '../../shared/ids.ts';
import type { Json } from '../../shared/json.ts';
import { takeJson } from '../../shared/take-json.ts';
import {
  type AnswerForm,
  type AssignForm,
  type CancelRun,
  type Command,
  type DeadLetterCommand,
  FROM_OUTSIDE,
  type PauseRun,
  type PostMessage,
  type ResumeRun,
  type RetryTasks,
  type SendSignal,
  type StartRun,
} from '../workflow/commands.ts';
import type { RunChange } from '../workflow/outside/run-changes.ts';
import { addedTasksShape, budgetShape } from '../workflow/untrusted/definition-shape.ts';
import { EVENT_SHAPES } from '../workflow/untrusted/event-shapes.ts';
import {
  anyJson,
  byKind,
  fieldsOf,
  flag,
  listOf,
  matching,
  number,
  oneOf,
  type Shape,
  text,
  withSchema,
} from '../workflow/untrusted/shape.ts';
import type { Envelope } from './envelope.ts';
import { KINDS } from './message-types.ts';

// Commands of people and programs, as they go over the transport to whoever drives the run.

/** What a client may ask of a run that another process drives. */
export type ClientCommand =
  | StartRun
  | PauseRun
  | ResumeRun
  | CancelRun
  | RetryTasks
  | SendSignal
  | PostMessage
  | DeadLetterCommand
  | AnswerForm
  | AssignForm
  | RunChange;

export const isClientCommand = (command: Command): command is ClientCommand => FROM_OUTSIDE.has(command.type);

/** Whether what calls itself so is for clients to say. */
export const isOfClients = (type: unknown): boolean => (FROM_OUTSIDE as ReadonlySet<unknown>).has(type);

// What the run itself answers (a task that it does not have, say) is for the run to judge: these only bound it.

const label = text(1024, 1);
const runId = matching(ID_PATTERN, 'the id of a run');
const named = text(4096);
const names = listOf(named, 10_000);

/** A shape that says nothing of itself. */
const opaque = (shape: Shape, description: string, type: 'object' | 'array' = 'object'): Shape =>
  withSchema(
    (value, field) => shape(value, field),
    () => ({ type, description }),
  );

const said = fieldsOf({}, { by: text(256, 1), reason: text(4096, 1) });
const command = (
  type: ClientCommand['type'],
  required: Readonly<Record<string, Shape>> = {},
  optional: Readonly<Record<string, Shape>> = {},
): Shape => fieldsOf({ type: oneOf(type), commandId: label, runId, ...required }, { said, ...optional });

/** As the event that it leads to; a child run is started by its parent, and by nobody else. */
const startRun: Shape = (value, field) => {
  const { type: _type, said: saidOfIt, ...others } = value as Readonly<Record<string, unknown>>;
  const flaw = saidOfIt === undefined ? undefined : said(saidOfIt, `${field}.said`);
  if (flaw !== undefined) return flaw;
  if ('parent' in others) return { field: `${field}.parent`, problem: 'is not for a client to say' };
  return EVENT_SHAPES.RunStarted(others, field);
};

/** `data` of a client's command, by its type. */
export const CLIENT_COMMAND_SHAPES: Readonly<Record<ClientCommand['type'], Shape>> = {
  // By its type alone it is told from the others.
  StartRun: withSchema(startRun, () => ({
    type: 'object',
    description: 'As the event RunStarted (docs/reference/events.md), without `parent`.',
    properties: { type: { const: 'StartRun' } },
    required: ['type'],
    additionalProperties: true,
  })),
  PauseRun: command('PauseRun', {}, { reason: named }),
  ResumeRun: command('ResumeRun'),
  CancelRun: command('CancelRun', {}, { force: flag, compensate: flag, reason: named }),
  RetryTasks: command('RetryTasks', {}, { taskId: named }),
  SendSignal: command('SendSignal', { signal: named, data: anyJson }),
  PostMessage: command('PostMessage', { from: named, message: opaque(anyJson, 'What is sent, and to whom.') }),
  EditDeadLetter: command('EditDeadLetter', { message: named, data: anyJson }),
  RedriveDeadLetters: command('RedriveDeadLetters', { messages: names }, { to: named }),
  DiscardDeadLetters: command('DiscardDeadLetters', { messages: names }),
  AnswerForm: command('AnswerForm', { taskId: named, answer: anyJson }),
  AssignForm: command('AssignForm', { taskId: named, to: named }),
  AddTasks: command(
    'AddTasks',
    { scope: named, tasks: opaque(addedTasksShape, 'As in the event TasksAdded.', 'array') },
    { before: listOf(fieldsOf({ taskId: named, dependency: named }), 10_000) },
  ),
  AddItems: command('AddItems', { taskId: named, items: listOf(anyJson) }),
  LinkTasks: command('LinkTasks', { taskId: named, after: names }),
  UnlinkTasks: command('UnlinkTasks', { taskId: named, after: names }),
  SkipTask: command('SkipTask', { taskId: named }),
  OverrideTask: command('OverrideTask', { taskId: named, output: anyJson }),
  RestartTask: command('RestartTask', { taskId: named }, { again: names }),
  SetPriority: command('SetPriority', { taskId: named, priority: number }),
  RaiseBudget: command('RaiseBudget', { scope: named, raised: opaque(budgetShape, 'As `budget` of a workflow.') }),
};

export const clientCommandShape: Shape = byKind('type', CLIENT_COMMAND_SHAPES);

/** What of a command somebody may fill as they like. */
export const CLIENT_PAYLOADS = ['input', 'data', 'answer', 'output', 'items', 'message'] as const;

/** The command as it is sent: without functions, which whoever drives the run has, and with its input, wherever that stands. */
export function wireForm(command: ClientCommand): Json {
  const { sender: _sender, ...body } = command;
  if (body.type !== 'StartRun') return plain(body);
  const { inputFrom: _place, ...start } = body;
  return plain({ ...start, definition: recordDefinition(start.definition) });
}

/** What a command has was taken as JSON one by one; only members that are undefined are left out here. */
function plain(value: object): Json {
  const taken = takeJson(value, Number.POSITIVE_INFINITY);
  return taken.ok ? taken.value : null;
}

/** By run, as all that its driver is told. */
export const commandEnvelope = (
  { commandId, runId }: Pick<ClientCommand, 'commandId' | 'runId'>,
  data: Json,
  { source, at }: { readonly source: string; readonly at: number },
): Envelope => ({
  specversion: '1.0',
  id: commandId,
  source,
  type: KINDS['client-command'].type,
  subject: runId,
  time: toIsoTime(at),
  datacontenttype: 'application/json',
  dataschema: KINDS['client-command'].dataschema,
  runid: runId,
  correlationid: runId,
  causationid: commandId,
  partitionkey: runId,
  data,
});
