import {
  BUDGETS,
  type DecisionMade,
  type DecisionRefused,
  type ErrorData,
  formatDuration,
  type HistoryEntry,
  type MessageReceived,
  type MessageSent,
  type RunEvent,
  type TaskEntered,
  type TasksReset,
  taskPaths,
  type Usage,
} from '@reprise/core';
import { describeSource } from './describe-source.ts';
import { partyText, placeText } from './message-places.ts';
import { briefJson, clip, count, plain } from './text.ts';

const WIDTH = 100;

/** How an error is said. */
export type ErrorWords = (error: Pick<ErrorData, 'code' | 'message'>) => string;

export const errorText: ErrorWords = ({ code, message }) => plain(`${code}: ${clip(message, 300)}`);

/** What an event says, and who said so and why, when a command of somebody led to it. */
export function describeEntry({ event, recorded }: HistoryEntry, error: ErrorWords = errorText): string {
  const { by, reason } = recorded.metadata;
  const who = by === undefined ? [] : [`by ${by}`];
  const said = [...who, ...(reason === undefined ? [] : [clip(reason, 300)])].join(': ');
  return [describeEvent(event, error), said === '' ? '' : plain(`(${said})`)].filter((part) => part !== '').join(' ');
}

/** What an event says beyond its type and its task: short, on one line, without escapes. `error`: how what a task failed with is said. */
export function describeEvent(event: RunEvent, error: ErrorWords = errorText): string {
  switch (event.type) {
    case 'RunStarted': {
      const { name, version, tasks } = event.definition;
      const { as = 'retry', runId } = event.lineage ?? {};
      const from = event.lineage === undefined ? '' : `, a ${as} of ${runId}`;
      return plain(
        `${name}@${version}, ${count(tasks.length, 'task')}${from}${describeStrategies(event)}; input ${briefJson(event.input, WIDTH)}`,
      );
    }
    case 'RunPaused':
    case 'RunCancelled':
      return clip(plain(event.reason ?? ''), 300);
    case 'RunResumed':
      return event.by === undefined ? '' : 'with its parent run';
    case 'RunCompleted':
      return event.output === undefined ? '' : `output ${briefJson(event.output, WIDTH)}`;
    case 'RunFailed':
      return `${event.taskId === undefined ? '' : `task ${event.taskId}: `}${error(event.error)}`;
    case 'TaskReady':
    case 'TaskSkipped':
    case 'TaskCancelled':
      return event.reason;
    case 'MutexGranted':
      return 'has its mutex, which other runs may ask for, too';
    case 'TaskEntered':
      return describeEntered(event);
    case 'TaskClosing':
      return event.force === true
        ? 'cancel, by force: waits until others have what it owes them'
        : plain(`${event.why}: waits for what is outstanding in it`);
    case 'CompensationBegan':
      return event.outcome === 'unknown' ? 'undoes what may have been done' : 'undoes what was done';
    case 'ScopeCaught':
      return plain(`catch ${event.clause + 1} for ${event.taskId}, ${error(event.error)}`);
    case 'TasksAdded': {
      const names = event.tasks.map(({ id }) => id).join(', ');
      const before = [...new Set(event.before?.map(({ taskId }) => taskId))].join(', ');
      const where = `${event.scope === '' ? '' : ` in ${event.scope}`}${before === '' ? '' : `, before ${clip(before, WIDTH)}`}`;
      const by = event.spawnedBy === undefined ? '' : ` by ${event.spawnedBy.taskId}`;
      return plain(`${count(event.tasks.length, 'task')}${by}${where}: ${clip(names, WIDTH)}`);
    }
    case 'TasksLinked':
    case 'TasksUnlinked':
      return plain(
        `${event.type === 'TasksLinked' ? 'after' : 'no longer after'} ${clip(event.after.join(', '), WIDTH)}`,
      );
    case 'DecisionMade':
    case 'DecisionRefused':
      return plain(describeDecision(event));
    case 'TeamWoken':
      return plain(event.scope === '' ? 'asked again' : `${event.scope} is asked again`);
    case 'BudgetReached':
      return plain(
        `${event.scope === '' ? '' : `${event.scope}: `}no ${event.budget} ${event.budget === 'cost' ? 'is' : 'are'} left${event.agent === undefined ? '' : ` for ${event.agent}`}`,
      );
    case 'BudgetAsked': {
      const { scope, budget, agent, limit, spent, assignee, until, at } = event;
      const of = (amount: number): number => (budget === 'cost' ? amount / 1_000_000 : amount);
      const whose = `${scope === '' ? 'the run' : scope}${agent === undefined ? '' : ` for ${agent}`}`;
      const time = until === undefined ? '' : `, for ${formatDuration(Math.max(0, until - at))}`;
      return plain(
        `${assignee} for more ${budget} than ${of(limit)} for ${whose}, of which ${of(spent)} ${of(spent) === 1 ? 'is' : 'are'} spent${time}`,
      );
    }
    case 'BudgetRaised': {
      const { agents = {}, ...own } = event.raised;
      const said = (by: object) => Object.entries(by).map(([kind, amount]) => `${amount} more ${kind}`);
      const whose = Object.entries(agents).map(([agent, by]) => `${said(by).join(', ')} for ${agent}`);
      const more = [...said(own), ...whose];
      return plain(`${event.scope === '' ? '' : `${event.scope}: `}${more.join(', ')}`);
    }
    case 'AgentRested':
      return plain(
        `${event.agent}: for ${formatDuration(Math.max(0, event.until - event.at))}, after ${count(event.failures, 'failure')} in a row`,
      );
    case 'AgentBack':
      return plain(event.agent);
    case 'TaskPrioritySet':
      return String(event.priority);
    case 'TasksReset':
      if (event.why === 'fork') return describeFork(event);
      if (event.why === 'goto') return describeGoTo(event);
      return plain(
        `round ${event.round} (${event.why}); feedback ${briefJson(event.feedback, WIDTH)}${event.error === undefined ? '' : `, instead of ${error(event.error)}`}`,
      );
    case 'SignalReceived':
      return plain(`${event.signal}, data ${briefJson(event.data, WIDTH)}`);
    case 'MailboxSubscribed':
      return plain(`${event.topic}${event.filter === undefined ? '' : `, ${briefJson({ ...event.filter }, WIDTH)}`}`);
    case 'MailboxUnsubscribed':
      return plain(event.topic);
    case 'MessageSent':
    case 'MessageReceived':
      return plain(describeMessage(event));
    case 'MessageHandedOn': {
      if (event.run === undefined) return plain(`${event.message}, back in ${event.to}`);
      return plain(
        `${event.message} ${event.ask === undefined ? `back to ${event.to}` : `to run ${event.run}, which asked for it`}`,
      );
    }
    case 'MessagesHandedOver':
      return plain(`up to number ${event.upTo}, by ${placeText(event.to, event.run)}`);
    case 'HandOverAwaited':
      return `others have yet to take ${count(event.messages, 'message')}; for ${formatDuration(event.until - event.at)} at the most`;
    case 'MessageAwaited':
      return plain(`in ${event.mailbox}${event.wanted?.from === undefined ? '' : ` from ${event.wanted.from}`}`);
    case 'MessageDelivered':
    case 'MessageExpired':
    case 'DeadLettersDiscarded':
      return plain(listOfIds(event.messages));
    case 'MessageAcknowledged':
      return plain(`${listOfIds(event.messages)}${byClient(event)}`);
    case 'MessageTaken':
      return plain(
        `${listOfIds(event.messages)}${byClient(event)}, for ${formatDuration(Math.max(0, event.until - event.at))}`,
      );
    case 'MessageMissed':
      return event.error === undefined ? 'nothing came in time' : plain(event.error.message);
    case 'MessageRejected': {
      const again =
        event.retryAt === undefined
          ? ', for good'
          : `, again in ${formatDuration(Math.max(0, event.retryAt - event.at))}`;
      return plain(`${event.message}${byClient(event)}: ${clip(event.reason, WIDTH)}${again}`);
    }
    case 'MessageDeadLettered':
      return plain(`${event.message} to ${placeText(event.mailbox)}, ${error(event.error)}`);
    case 'MessagesClosed':
      return plain(`${event.open} open${event.dead === 0 ? '' : `, ${event.dead} of them dead letters`}`);
    case 'ConversationExpired':
      return plain(`${event.message}: ${clip(event.reason, WIDTH)}`);
    case 'DeadLetterEdited':
      return plain(`${event.message}, data ${briefJson(event.data, WIDTH)}`);
    case 'DeadLettersRedriven':
      return plain(`${listOfIds(event.messages)}${event.to === undefined ? '' : ` to ${event.to}`}`);
    case 'FormAnswered':
      return plain(`${event.by === undefined ? '' : `by ${event.by}, `}answer ${briefJson(event.answer, WIDTH)}`);
    case 'FormAssigned': {
      const who = event.by === undefined ? '' : ` by ${event.by}`;
      return plain(`to ${event.to}${event.step === undefined ? who : ', because nobody answered'}`);
    }
    case 'TaskExpanded': {
      const { items, source, from, total } = event;
      if (source !== undefined) return plain(`${count(total, 'item')}, from ${describeSource(source, WIDTH)}`);
      const here = items?.length ?? 0;
      return `${count(total, 'item')}${here === total ? '' : `, ${here} of them here, from ${from} on`}`;
    }
    case 'ItemsAdded':
      return `${count(event.items.length, 'item')}, from ${event.from} on`;
    case 'ItemJoined':
      return `item ${event.index}`;
    case 'TaskYielded':
      if (event.by !== undefined) return `completes with what it has, because of ${event.by}`;
      return event.rest === 'cancel' ? 'has what it is for; the rest is cancelled' : 'has what it is for, and goes on';
    case 'TaskExpired':
      return error(event.error);
    case 'RunForked':
      return plain(`what comes from here on is of ${event.runId}`);
    case 'TaskAdopted':
      return event.taskId.includes('@') ? 'undone by the run before' : `${event.status}: taken over, or as was said`;
    case 'TaskScheduled': {
      const input = inputText(event);
      return plain(`attempt ${event.attempt} for ${event.agent}${input === '' ? '' : `, ${input}`}`);
    }
    case 'TaskStarted':
      return `attempt ${event.attempt}`;
    case 'TaskCompleted': {
      const output = event.output === undefined ? '' : `, output ${briefJson(event.output, WIDTH)}`;
      const chosen = event.case === undefined ? '' : ` (${event.case})`;
      const ends = event.ends === undefined ? '' : `, ends its block with ${briefJson(event.ends, WIDTH)}`;
      const instead = event.error === undefined ? '' : `, instead of ${error(event.error)}`;
      return plain(
        `${event.via === 'agent' ? `attempt ${event.attempt}` : `by ${event.via}`}${chosen}${usageText(event.usage)}${output}${ends}${instead}`,
      );
    }
    case 'TaskRepeated':
      return `round ${event.round} from ${event.from} on; output ${briefJson(event.output, WIDTH)}`;
    case 'TaskAttemptCompleted':
      return plain(
        `attempt ${event.attempt}, and the task does not end with it, output ${briefJson(event.output, WIDTH)}`,
      );
    case 'TaskAttemptFailed': {
      const again =
        event.retryAt === undefined ? '' : `, again in ${formatDuration(Math.max(0, event.retryAt - event.at))}`;
      return `attempt ${event.attempt}${event.lost === true ? ' lost' : ''}, ${error(event.error)}${usageText(event.usage)}${again}`;
    }
    case 'TaskHandedOff': {
      const input = event.input === undefined ? '' : `, input ${briefJson(event.input, WIDTH)}`;
      const why = event.why === undefined ? '' : `: ${clip(event.why, WIDTH)}`;
      if (event.budget !== undefined)
        return plain(
          `to ${event.agent}: the budget of ${event.budget === '' ? 'the run' : event.budget} has nothing left for the one before`,
        );
      return plain(`attempt ${event.attempt} to ${event.agent}${usageText(event.usage)}${why}${input}`);
    }
    case 'TaskFellBack':
      return `to ${event.to.kind === 'agent' ? `agent ${event.to.agent}` : `task ${event.to.task}`}, ${error(event.error)}`;
    case 'TaskFailed':
      return error(event.error);
    case 'RunParked':
      return error(event.error);
    case 'TaskResultIgnored':
      return `attempt ${event.attempt} was closed; it ${event.outcome} late`;
    case 'CommandRejected':
      return plain(`${event.command}: ${event.code}: ${event.message}`);
    case 'CommandNoted':
      return plain(`${event.command}: it is so already`);
    default:
      return event satisfies never;
  }
}

/** Who told whom what; or, of word of what became of another message, what that was. */
function describeMessage(event: MessageSent | MessageReceived): string {
  const { from, to, performative, subject, receipt, inReplyTo = '', data } = event;
  const { recipients } = event.type === 'MessageSent' ? event : {};
  const whom = recipients === undefined ? '' : ` (${count(recipients.length, 'subscriber')})`;
  const where = event.type === 'MessageSent' ? `${placeText(to, event.run)}${whom}` : to;
  if (receipt === 'acknowledged' || receipt === 'failed') {
    const { code, message } = { code: '', message: '', ...(data as Partial<ErrorData> | null) };
    const became = receipt === 'failed' ? `came to nothing, ${errorText({ code, message })}` : 'is done with';
    const who = event.type === 'MessageSent' ? '' : `run ${event.origin.run} `;
    return `${who}tells ${where} that ${inReplyTo} ${became}`;
  }
  if (event.ask !== undefined) {
    const asks = event.ask.over === true ? 'asks no longer for messages' : 'asks for messages';
    return `${partyText(from)} ${asks} of ${where}`;
  }
  const does = performative === undefined ? '' : `, ${performative}`;
  const about = subject === undefined ? '' : ` (${subject})`;
  return `${partyText(from)} to ${where}${does}${about}, ${briefJson(data, WIDTH)}`;
}

const byClient = ({ client }: { readonly client?: string }): string =>
  client === undefined ? '' : ` by ${client} (from outside)`;

const listOfIds = (ids: readonly string[]): string =>
  ids.length <= 3 ? ids.join(', ') : `${ids.slice(0, 3).join(', ')} and ${ids.length - 3} more`;

function describeGoTo({ from = '', by, reason, restarted = [], dropped = [], feedback }: TasksReset): string {
  const why = reason === undefined ? '' : ` (${clip(reason, WIDTH)})`;
  const more = restarted.length <= 1 ? '' : `, with ${clip(restarted.filter((id) => id !== from).join(', '), WIDTH)}`;
  const gone = dropped.length === 0 ? '' : `; forgotten: ${clip(dropped.join(', '), WIDTH)}`;
  const who = by === undefined ? '' : ` by ${by.taskId}`;
  return plain(`${from} again${who}${why}${more}${gone}; feedback ${briefJson(feedback, WIDTH)}`);
}

function describeFork({ tasks = [], restarted = [], renewed = [] }: TasksReset): string {
  const parts = [
    ['again', tasks],
    ['anew', restarted],
    ['with all its time', renewed],
  ] as const;
  const said = parts.flatMap(([how, ids]) => (ids.length === 0 ? [] : [`${how}: ${clip(ids.join(', '), WIDTH)}`]));
  return plain(said.length === 0 ? 'none' : said.join('; '));
}

function describeEntered(event: TaskEntered): string {
  const { attempt, until, signal, form, assignee, child, retries, allotted } = event;
  const input = inputText(event);
  const what = [
    ...(attempt > 1 ? [`attempt ${attempt}`] : []),
    ...(until === undefined ? [] : [`until ${new Date(until).toISOString()}`]),
    ...(signal === undefined ? [] : [`for the signal ${signal}`]),
    ...(form === undefined ? [] : [`a form${assignee === undefined ? '' : ` for ${assignee}`}`]),
    ...(child === undefined ? [] : [`child run ${child}`]),
    ...(retries === undefined ? [] : [`which goes on from ${retries}`]),
    ...(allotted === undefined ? [] : [`which may spend ${amountsOf(allotted)}`]),
    ...(input === '' ? [] : [input]),
  ];
  return plain(what.join(', '));
}

/** What a task is handed, or where that is from. */
function inputText({ input, source }: Pick<TaskEntered, 'input' | 'source'>): string {
  if (source !== undefined) return `input from ${describeSource(source, WIDTH)}`;
  return input === undefined ? '' : `input ${briefJson(input, WIDTH)}`;
}

/** The task or item that an event is about. */
export function idIn(event: RunEvent): string | undefined {
  const id = 'region' in event ? event.region : 'taskId' in event ? event.taskId : undefined;
  return id === '' ? undefined : id;
}

/** The task of the definition that an event of a run of these rules is about. `item`: it is an item, or in a block that is one. */
export function taskOf(event: RunEvent, rules: number): { readonly task: string; readonly item: boolean } | undefined {
  const id = idIn(event);
  if (id === undefined) return undefined;
  const paths = taskPaths(rules);
  return { task: paths.definition(id), item: paths.itemOf(id) !== undefined || id.includes('[') };
}

/** Those that the start named instead of the workflow's. */
function describeStrategies({ strategies = {} }: Extract<RunEvent, { type: 'RunStarted' }>): string {
  const named = Object.entries(strategies).map(([block, said]) => {
    const name = typeof said === 'string' ? said : said.name;
    return block === '' ? name : `${name} in ${block}`;
  });
  return named.length === 0 ? '' : `; strategy ${clip(named.join(', '), WIDTH)}`;
}

function describeDecision(event: DecisionMade | DecisionRefused): string {
  const { scope, n, kind, tasks = [], why } = event;
  const where = scope === '' ? '' : ` of ${scope}`;
  const about = event.type === 'DecisionRefused' || event.about === undefined ? '' : ` ${event.about} to`;
  const what = tasks.length === 0 ? '' : `${about} ${clip(tasks.join(', '), WIDTH)}`;
  const reason = why === undefined ? '' : `: ${clip(why, WIDTH)}`;
  if (event.type === 'DecisionRefused')
    return `${n}${where}: ${kind}${what} cannot be, ${event.code}: ${event.message}`;
  const to = event.to === undefined ? '' : ` to ${event.to}`;
  const end = event.error === undefined ? '' : `, ${errorText(event.error)}`;
  return `${n}${where}: ${kind}${what}${to}${reason}${end}`;
}

/** ", used 1200 tokens, 0.02 cost". */
function usageText(usage: Usage = {}): string {
  const said = amountsOf(usage);
  return said === '' ? '' : `, used ${said}`;
}

const amountsOf = (usage: Usage): string =>
  BUDGETS.flatMap((kind) => {
    const amount = usage[kind];
    return amount === undefined ? [] : [`${kind === 'cost' ? amount / 1_000_000 : amount} ${kind}`];
  }).join(', ');
