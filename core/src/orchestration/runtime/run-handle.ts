import type { SendOptions, Sent } from '../../agent/messages.ts';
import type { Budget } from '../../definition/definition.ts';
import { lastOf, readTasksToAdd, type TasksToAdd } from '../../definition/tasks-to-add.ts';
import type { ErrorData } from '../../shared/errors.ts';
import { RepriseError } from '../../shared/errors.ts';
import type { Json } from '../../shared/json.ts';
import { inside } from '../../shared/task-path.ts';
import type { HistoryEntry } from '../reading/run-reader.ts';
import type { PutBefore } from '../workflow/events.ts';
import type { RunExplanation } from '../workflow/explain/explanation.ts';
import { postedId } from '../workflow/messaging/message.ts';
import type { RunView } from '../workflow/run-view.ts';
import { outgoingOf } from './outgoing-of.ts';
import type { RunHold } from './run-hold.ts';
import type { CommandOptions, SteeringCommand } from './steering.ts';

/** How a run ended. */
export type RunOutcome<Output = Json> =
  | { readonly status: 'completed'; readonly output: Output }
  | { readonly status: 'failed'; readonly error: ErrorData }
  | { readonly status: 'cancelled'; readonly reason: string | undefined };

/** A run that is open and does not move: parked, on record, or held by this process (see RunHold). */
export type RunStuck =
  | { readonly status: 'parked'; readonly error: ErrorData }
  | { readonly status: 'held'; readonly hold: RunHold };

export interface OutcomeOptions {
  /** Resolve with `parked` or `held` when the run does not move, too. Default: wait until it does, and ends. */
  readonly orStuck?: boolean;
}

/** Who signals, and why. */
export type SignalOptions = CommandOptions;

/** Who answers a form, and why. */
export type AnswerOptions = CommandOptions;

/** How a message is sent into a run: `key` is what `requestId` is for here. */
export interface RunSendOptions extends CommandOptions, Omit<SendOptions, 'key' | 'on'> {
  /** The name that the sender gives itself: that of no task of the run. Default: `by`, else `outside`. */
  readonly from?: string;
}

/** `reason` is said by itself. */
export interface CancelOptions extends Pick<CommandOptions, 'by' | 'requestId'> {
  /**
   * End at once: nothing that is outstanding is waited for, and nothing undone. Default: child runs end first, attempts that would have to be
   * undone are awaited, and what was done is undone.
   */
  readonly force?: boolean;
  /** False: what is outstanding is awaited, and nothing is undone; an undoing that is under way stops before the next. Default: true. */
  readonly compensate?: boolean;
}

export interface AddTasksOptions extends CommandOptions {
  /** The block that they are added to, by the id of its task (`book`, `book[3]/inner`). Default: the run. */
  readonly scope?: string;
  /**
   * Tasks of that block that still wait, and are to wait for the added ones, too: an id means for all that are last among the added, a pair says
   * for which one.
   */
  readonly before?: string | readonly (string | Pick<PutBefore, 'taskId' | 'dependency'>)[];
}

/** What a handle needs of the orchestrator. */
export interface RunControl {
  outcome(runId: string, options: OutcomeOptions): Promise<RunOutcome | RunStuck>;
  /** Resolves to its id once what it led to is durable; rejects with the code with which it was refused. */
  command(runId: string, command: SteeringCommand, options: CommandOptions): Promise<string>;
  /** A copy of a value as plain JSON, within the limit; or a throw. */
  payload(value: unknown, what: string): Json;
  state(runId: string, at?: number): Promise<RunView>;
  explain(runId: string): Promise<RunExplanation>;
  follow(runId: string, signal?: AbortSignal): AsyncGenerator<HistoryEntry, void, undefined>;
}

/** One run, to wait for and to steer. */
export class RunHandle<Output = Json> {
  readonly id: string;
  readonly #control: RunControl;

  constructor(id: string, control: RunControl) {
    this.id = id;
    this.#control = control;
  }

  /** Waits for the end, however the run ends; with `orStuck`, also until it is parked or held. Rejects with REPRISE_NOT_STARTED before start(), unless it has ended. */
  outcome(options?: { readonly orStuck?: false }): Promise<RunOutcome<Output>>;
  outcome(options: OutcomeOptions): Promise<RunOutcome<Output> | RunStuck>;
  outcome(options: OutcomeOptions = {}): Promise<RunOutcome<Output> | RunStuck> {
    return this.#control.outcome(this.id, options) as Promise<RunOutcome<Output> | RunStuck>;
  }

  /** Waits for the end. Rejects with REPRISE_TASK_FAILED, REPRISE_RUN_TIMEOUT or REPRISE_RUN_CLOSED unless the run completes; as `outcome` before start(). */
  async result(): Promise<Output> {
    const outcome = await this.outcome();
    if (outcome.status === 'completed') return outcome.output;
    if (outcome.status === 'cancelled') {
      const why = outcome.reason === undefined ? '' : `: ${outcome.reason}`;
      throw new RepriseError('REPRISE_RUN_CLOSED', `Run '${this.id}' was cancelled${why}.`);
    }
    const code = outcome.error.code === 'REPRISE_RUN_TIMEOUT' ? 'REPRISE_RUN_TIMEOUT' : 'REPRISE_TASK_FAILED';
    throw new RepriseError(code, `Run '${this.id}' failed. ${outcome.error.message}`, {
      details: { error: outcome.error as unknown as Json },
    });
  }

  /**
   * Ends the run; agents that work for it get their AbortSignal. Resolves once that is durable: the end itself comes later when something
   * has to be awaited or undone first. With `force`, a run that is closing already ends, too.
   */
  cancel(reason?: string, options: CancelOptions = {}): Promise<void> {
    const { force, compensate, ...others } = options;
    const how = { ...(force === true && { force }), ...(compensate === false && { compensate }) };
    return this.#command({ type: 'CancelRun', ...how, ...(reason === undefined ? {} : { reason }) }, others);
  }

  /** Schedules nothing more until resume(); attempts under way go on. */
  pause(reason?: string, options: Pick<CommandOptions, 'by' | 'requestId'> = {}): Promise<void> {
    return this.#command({ type: 'PauseRun', ...(reason === undefined ? {} : { reason }) }, options);
  }

  resume(options: CommandOptions = {}): Promise<void> {
    return this.#command({ type: 'ResumeRun' }, options);
  }

  /** What waits for a retry is tried at once: the task, or without one all of them. */
  retry(taskId?: string, options: CommandOptions = {}): Promise<void> {
    return this.#command({ type: 'RetryTasks', ...(taskId === undefined ? {} : { taskId }) }, options);
  }

  /**
   * Sends a signal, with plain JSON: the task that has waited longest for that name takes it, else it is kept until one does. Resolves
   * once it is durable.
   */
  async signal(signal: string, data: unknown = null, options: SignalOptions = {}): Promise<void> {
    assertName('The name of a signal', signal, 'Name the signal as the workflow waits for it.');
    const taken = this.#control.payload(data, `data of the signal '${signal}'`);
    await this.#command({ type: 'SendSignal', signal, data: taken }, options);
  }

  /**
   * Adds tasks to the run, or to a block of it that is under way, until its next round: all of them, or none. They are written as in a workflow
   * (`{ audit: { agent: auditor, after: pay } }`) or said to a builder, and are data: functions are refused. The run (the block) waits for them; its
   * output stays as it was.
   */
  async addTasks(tasks: TasksToAdd, options: AddTasksOptions = {}): Promise<void> {
    const { scope = '', before = [], ...others } = options;
    const added = readTasksToAdd(tasks);
    const edges = [before].flat().flatMap((one) => {
      if (typeof one !== 'string') return [{ ...one, taskId: inside(scope, one.taskId) }];
      return lastOf(added).map((dependency) => ({ taskId: inside(scope, one), dependency }));
    });
    await this.#command({ type: 'AddTasks', scope, tasks: added, ...(edges.length > 0 && { before: edges }) }, others);
  }

  /**
   * Lets a task that waits for others come after `after`, too (ids of its block), until the next round of the block. It can read their outputs
   * then; what it is handed by default stays as it was.
   */
  link(taskId: string, after: string | readonly string[], options: CommandOptions = {}): Promise<void> {
    return this.#command({ type: 'LinkTasks', taskId, after: [after].flat() }, options);
  }

  /** Lets a task that waits for others no longer come after `after`, until the next round of its block. Nothing may read what is out of sight then. */
  unlink(taskId: string, after: string | readonly string[], options: CommandOptions = {}): Promise<void> {
    return this.#command({ type: 'UnlinkTasks', taskId, after: [after].flat() }, options);
  }

  /** Skips a task that has not ended: its attempts are aborted; what can be undone is awaited and undone first. Its output is null. */
  skip(taskId: string, options: CommandOptions = {}): Promise<void> {
    return this.#command({ type: 'SkipTask', taskId }, options);
  }

  /**
   * Does a task that has begun, and all that comes after it, again, whether they have ended or not, with new idempotency keys. What they did before can
   * still be undone; what agents of theirs added is forgotten. REPRISE_TASK_UNDER_WAY when one of them has to be waited for first: a child run, or an
   * attempt that can be undone. REPRISE_WOULD_REPEAT when at-most-once tasks have been started that `again` does not name (or something that they are in).
   */
  restart(taskId: string, options: CommandOptions & { readonly again?: readonly string[] } = {}): Promise<void> {
    const { again, ...others } = options;
    return this.#command({ type: 'RestartTask', taskId, ...(again !== undefined && { again: [...again] }) }, others);
  }

  /**
   * Completes a task that has not ended with this output, as if it had given it. Its attempt is aborted, and what that may give yet is ignored; child
   * runs, and what is in a block, are awaited first.
   */
  async override(taskId: string, output: unknown, options: CommandOptions = {}): Promise<void> {
    const taken = this.#control.payload(output, `output of '${taskId}'`);
    await this.#command({ type: 'OverrideTask', taskId, output: taken }, options);
  }

  /**
   * Adds items, plain JSON, to a list (a forEach) that is under way: they begin like those that were there. All of them, or none. REPRISE_BLOCK_CLOSED when the
   * list has ended, or is about to.
   */
  async addItems(taskId: string, items: readonly unknown[], options: CommandOptions = {}): Promise<void> {
    const taken = this.#control.payload(items, `items added to '${taskId}'`);
    await this.#command({ type: 'AddItems', taskId, items: taken as readonly Json[] }, options);
  }

  /** Lets a task, or the items of a list, go before others (higher first) or behind them, until its next round. What is handed out already stays so. */
  setPriority(taskId: string, priority: number, options: CommandOptions = {}): Promise<void> {
    return this.#command({ type: 'SetPriority', taskId, priority }, options);
  }

  /** Lets the run, or a block that is under way (`scope`, by its path), spend more of what its budget limits: by so much of each kind. */
  raiseBudget(by: Budget, options: CommandOptions & { readonly scope?: string } = {}): Promise<void> {
    const { scope = '', ...others } = options;
    return this.#command({ type: 'RaiseBudget', scope, raised: { ...by } }, others);
  }

  /**
   * Sends a message into the run: to a task or an item by its path (`book/pay`, `inspect[12]`), or to a name (`#desk`). Resolves to its id once it is durable.
   * REPRISE_MAILBOX_UNKNOWN, REPRISE_MAILBOX_CLOSED, REPRISE_MAILBOX_FULL (retryable), REPRISE_MESSAGE_INVALID, REPRISE_CONVERSATION_BROKEN.
   */
  async send(to: string, data: unknown, options: RunSendOptions = {}): Promise<Sent> {
    const {
      from = options.by ?? 'outside',
      performative,
      type,
      conversation,
      inReplyTo,
      expires,
      deadline,
      drop,
      ...others
    } = options;
    const how = { performative, type, conversation, inReplyTo, expires, deadline, drop };
    const message = outgoingOf({ to }, this.#control.payload(data, `message to '${to}'`), how);
    const commandId = await this.#control.command(this.id, { type: 'PostMessage', from, message }, others);
    return { id: postedId(this.id, commandId) };
  }

  /** Has a dead letter say something else. REPRISE_DEAD_LETTER_UNKNOWN. */
  async editDeadLetter(message: string, data: unknown, options: CommandOptions = {}): Promise<void> {
    const taken = this.#control.payload(data, `message '${message}'`);
    await this.#command({ type: 'EditDeadLetter', message, data: taken }, options);
  }

  /** Has dead letters delivered again (256 at once at the most), to where they were or `to` another mailbox: all of them, or none. REPRISE_DEAD_LETTER_UNKNOWN. */
  redriveDeadLetters(
    messages: string | readonly string[],
    options: CommandOptions & { readonly to?: string } = {},
  ): Promise<void> {
    const { to, ...others } = options;
    const where = to === undefined ? {} : { to };
    return this.#command({ type: 'RedriveDeadLetters', messages: [messages].flat(), ...where }, others);
  }

  /** Nothing is to become of these dead letters: all of them, or none. REPRISE_DEAD_LETTER_UNKNOWN. */
  discardDeadLetters(messages: string | readonly string[], options: CommandOptions = {}): Promise<void> {
    return this.#command({ type: 'DiscardDeadLetters', messages: [messages].flat() }, options);
  }

  async #command(command: SteeringCommand, options: CommandOptions): Promise<void> {
    await this.#control.command(this.id, command, options);
  }

  /**
   * Answers an open form, with plain JSON. Resolves once that is durable. Rejects with REPRISE_FORM_INVALID, which lists what does not fit and leaves the
   * form open, and with REPRISE_FORM_NOT_OPEN.
   */
  async answer(taskId: string, answer: unknown, options: AnswerOptions = {}): Promise<void> {
    const taken = this.#control.payload(answer, `answer to '${taskId}'`);
    await this.#command({ type: 'AnswerForm', taskId, answer: taken }, options);
  }

  /** Gives an open form to somebody else. Its time limit and its escalations stay as they are. */
  async assign(taskId: string, to: string, options: AnswerOptions = {}): Promise<void> {
    assertName('Who is to answer a form', to, 'Name the person as who answers forms knows them.');
    await this.#command({ type: 'AssignForm', taskId, to }, options);
  }

  /** Folded from the history, up to revision `at`. */
  state(at?: number): Promise<RunView> {
    return this.#control.state(this.id, at);
  }

  /**
   * Why the run does not end, or why it ended: task by task, and as a whole. From its history, and from what this process knows: the agents
   * that are registered here, and what holds the run here. Another process may have others.
   */
  explain(): Promise<RunExplanation> {
    return this.#control.explain(this.id);
  }

  /** The history so far, then every event as it is appended, to the end of the run. */
  follow(signal?: AbortSignal): AsyncGenerator<HistoryEntry, void, undefined> {
    return this.#control.follow(this.id, signal);
  }
}

/** What is put on record may come from anywhere. */
function assertName(what: string, name: unknown, fix: string): void {
  if (typeof name === 'string' && name !== '' && name.length <= 256) return;
  throw new RepriseError('REPRISE_INVALID_ID', `${what} has 1 to 256 characters.`, { fix });
}
