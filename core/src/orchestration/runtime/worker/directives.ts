import type { WrittenTasks } from '../../../agent/agent.ts';
import type { Permission } from '../../../definition/definition.ts';
import { loadTasks } from '../../../definition/text/parse-workflow.ts';
import { isAskedAgent } from '../../../shared/agent-version.ts';
import { isRepriseError, RepriseError } from '../../../shared/errors.ts';
import type { Json } from '../../../shared/json.ts';
import { jsonSize } from '../../../shared/json-size.ts';
import { TASK_ID_PATTERN } from '../../../shared/task-path.ts';
import type { Dispatch } from '../../messaging/messages.ts';
import { type Directive, MAX_DIRECTIVES, MAX_WHY_CHARS, notAllowed, permissionOf } from '../../workflow/directives.ts';
import type { Outgoing } from '../../workflow/messaging/message.ts';
import { idWithOutput } from '../../workflow/messaging/saying.ts';
import { acceptPayload } from '../payload.ts';

type DirectedTask = Pick<Dispatch, 'taskId' | 'idempotencyKey' | 'may'>;

/**
 * What one attempt wants done to its run, until it has its output. Each call throws at once what can be said here: what is not allowed, not well
 * formed, too large. Whether the run can take it is decided with the attempt.
 */
export class Directives {
  readonly #dispatch: DirectedTask;
  readonly #attemptKey: string;
  readonly #maxChars: number;
  readonly #given: Directive[] = [];
  #chars = 0;
  #closed = false;
  #sent = 0;

  constructor(dispatch: DirectedTask, attemptKey: string, maxChars: number) {
    this.#dispatch = dispatch;
    this.#attemptKey = attemptKey;
    this.#maxChars = maxChars;
  }

  /** All of them; what comes later is refused. */
  close(): readonly Directive[] {
    this.#closed = true;
    return this.#given;
  }

  spawn(written: WrittenTasks, { before }: { readonly before?: string | readonly string[] } = {}): void {
    this.#allow('spawn');
    const form = this.#accept(written, 'tasks to add');
    const tasks = this.#read(() => loadTasks(form, 'What is to be added'));
    if (tasks.length === 0) throw refused('no tasks are added; leave the call out');
    const names = typeof before === 'string' ? [before] : (before ?? []);
    if (!names.every((name) => typeof name === 'string')) throw refused('before must be ids of tasks');
    this.#add({ kind: 'spawn', tasks, ...(names.length > 0 && { before: [...names] }) });
  }

  link(task: string, after: string | readonly string[]): void {
    this.#allow('link');
    const names = typeof after === 'string' ? [after] : [...after];
    for (const name of [task, ...names])
      if (typeof name !== 'string' || !TASK_ID_PATTERN.test(name))
        throw refused(`${JSON.stringify(name)} is no id of a task`);
    if (names.length === 0) throw refused(`'${task}' is to come after nothing; leave the call out`);
    this.#add({ kind: 'link', task, after: names });
  }

  addItems(items: readonly unknown[]): void {
    this.#allow('addItems');
    const accepted = this.#accept(items, 'items to add');
    if (!Array.isArray(accepted) || accepted.length === 0) throw refused('items must be a list of at least one');
    this.#add({ kind: 'addItems', items: accepted as readonly Json[] });
  }

  finish(output?: Json): void {
    this.#allow('finish');
    this.#add({ kind: 'finish', output: this.#accept(output, 'output of the block') });
  }

  handOff(
    to: string | { readonly name: string },
    { input, why }: { readonly input?: unknown; readonly why?: string } = {},
  ): void {
    this.#allow('handOff');
    const agent = typeof to === 'string' ? to : to.name;
    if (!isAskedAgent(agent)) throw refused(`${JSON.stringify(agent)} is no name of an agent`);
    this.#add({
      kind: 'handOff',
      agent,
      ...(input !== undefined && { input: this.#accept(input, 'input of the other agent') }),
      ...(why !== undefined && { why: String(why).slice(0, MAX_WHY_CHARS) }),
    });
  }

  goto(task: string, { feedback, why }: { readonly feedback?: unknown; readonly why?: string } = {}): void {
    this.#allow('goto');
    if (typeof task !== 'string' || !TASK_ID_PATTERN.test(task))
      throw refused(`${JSON.stringify(task)} is no id of a task`);
    this.#add({
      kind: 'goto',
      task,
      ...(feedback !== undefined && { feedback: this.#accept(feedback, 'feedback') }),
      ...(why !== undefined && { why: String(why).slice(0, MAX_WHY_CHARS) }),
    });
  }

  cancel(tasks: string | readonly string[]): void {
    this.#allow('cancel');
    const names = typeof tasks === 'string' ? [tasks] : [...tasks];
    const wrong = names.find((name) => typeof name !== 'string' || !TASK_ID_PATTERN.test(name));
    if (wrong !== undefined) throw refused(`${JSON.stringify(wrong)} is no id of a task`);
    this.#add({ kind: 'cancel', tasks: names });
  }

  /** Gives the id that the message will have. Replies take no permission. */
  send(message: Outgoing, isReply: boolean): string {
    if (isReply) this.#open();
    else this.#allow('send');
    this.#add({ kind: 'send', message });
    this.#sent += 1;
    const { idempotencyKey } = this.#dispatch;
    return idWithOutput({ attemptKey: this.#attemptKey, idempotencyKey }, message, this.#sent - 1);
  }

  #open(): void {
    if (this.#closed) throw refused('the attempt is over, and has given its output');
  }

  #allow(asked: Permission): void {
    const { may = [], taskId } = this.#dispatch;
    this.#open();
    if (!may.includes(asked)) throw refused(notAllowed({ id: taskId }, asked, may), false);
  }

  #accept(value: unknown, what: string): Json {
    return acceptPayload(value, what, 'REPRISE_DIRECTIVE_REFUSED', this.#maxChars);
  }

  #read<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (!isRepriseError(error, 'REPRISE_DEFINITION_INVALID')) throw error;
      throw new RepriseError('REPRISE_DIRECTIVE_REFUSED', error.message, { details: error.details, cause: error });
    }
  }

  #add(directive: Directive): void {
    if (this.#given.length >= MAX_DIRECTIVES) throw refused(`there are ${MAX_DIRECTIVES} already`);
    this.#chars += jsonSize(directive as unknown as Json, this.#maxChars);
    if (this.#chars > this.#maxChars) {
      const message = `With ${permissionOf(directive)}, what is to be done to the run is larger than the limit of ${this.#maxChars} characters of JSON.`;
      throw new RepriseError('REPRISE_PAYLOAD_TOO_LARGE', message, { details: { limit: this.#maxChars } });
    }
    this.#given.push(directive);
  }
}

const refused = (why: string, retryable = true): RepriseError =>
  new RepriseError('REPRISE_DIRECTIVE_REFUSED', `This cannot be done to the run: ${why}.`, { retryable });
