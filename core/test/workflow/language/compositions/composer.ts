import { isRepriseError, type Json, loadDefinition, type Workflow } from '@reprise/core';

type Fields = Record<string, unknown>;

interface Tasks {
  readonly tasks: Fields;
  readonly ids: readonly string[];
}

const DURATIONS = ['100ms', '1s', '5s', '1m'];
const CATCHES = ['BOOM', ['X', 'Y', 'REPRISE_TASK_TIMEOUT'], 'REPRISE_ITEMS_UNMET'];

/**
 * Workflows as nobody would write them: blocks in blocks with every word that a task may have, several at once. What does not go together is taken
 * away again, so most are read.
 */
export class Composer {
  readonly #dice: () => number;
  #count = 0;

  constructor(dice: () => number) {
    this.#dice = dice;
  }

  /** Undefined when what the reader refuses cannot be taken away. */
  workflow(): Workflow | undefined {
    const { tasks, ids } = this.#block([], 2, 4);
    const written: Fields = { name: 'composed', tasks };
    if (this.#is(0.3)) written['concurrency'] = this.#pick([1, 2]);
    if (this.#is(0.15)) written['timeout'] = '1m';
    if (this.#is(0.3)) written['catch'] = this.#catch(ids, 1);
    return mended(written);
  }

  #is(chance: number): boolean {
    return this.#dice() < chance;
  }

  #pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.#dice() * from.length)] as T;
  }

  #value(ids: readonly string[]): unknown {
    const own = ids.length === 0 ? [`\${ input.n }`] : [`\${ outputs["${this.#pick(ids)}"] }`, `\${ outputs }`];
    return this.#pick<unknown>([1, null, 'x', [1, 2], `\${ input }`, `\${ round }`, ...own]);
  }

  #condition(ids: readonly string[]): string {
    const own = ids.length === 0 ? ['input.n > 3'] : [`outputs["${this.#pick(ids)}"] == null`];
    return this.#pick(['true', 'false', 'round < 2', 'input.n % 2 == 0', ...own]);
  }

  #performer(ids: readonly string[], depth: number): Fields {
    const roll = this.#dice();
    if (roll < 0.4) return { agent: this.#pick(['a', 'b']) };
    if (roll < 0.45) return { set: this.#value(ids) };
    if (roll < 0.5) return { sleep: this.#pick(DURATIONS) };
    if (roll < 0.58) return { wait: this.#wait(ids) };
    if (roll < 0.64) return { wait: this.#form() };
    if (roll < 0.7) return { workflow: 'child' };
    if (roll < 0.73) return { raise: { code: this.#pick(['X', 'Y']) } };
    if (roll < 0.95 && depth > 0) return this.#scope(ids, depth - 1);
    if (roll < 0.97) return { end: this.#is(0.5) ? {} : { output: this.#value(ids) } };
    return { agent: 'a' };
  }

  #wait(ids: readonly string[]): Fields {
    return {
      signal: this.#pick(['s', 't']),
      ...(this.#is(0.4) && { buffered: false }),
      ...(this.#is(0.5) && { timeout: this.#pick(DURATIONS), ...(this.#is(0.6) && { default: this.#value(ids) }) }),
    };
  }

  #form(): Fields {
    return {
      form: 'approval',
      ...(this.#is(0.5) && { escalate: [{ after: '1s', to: 'lee' }] }),
      ...(this.#is(0.5) && { timeout: this.#pick(DURATIONS) }),
    };
  }

  #scope(ids: readonly string[], depth: number): Fields {
    const inner = this.#block(ids, depth, 3);
    const task: Fields = { scope: inner.tasks };
    if (this.#is(0.2)) task['concurrency'] = 1;
    if (this.#is(0.3))
      task['loop'] = this.#pick<Fields>([
        { until: 'round >= 2', max: 3 },
        { while: 'round < 2', max: 3 },
        { until: 'round >= 4', max: 3, onExhausted: this.#pick(['accept', 'fail']) },
      ]);
    if (this.#is(0.5)) task['catch'] = this.#catch(inner.ids, depth);
    return task;
  }

  #catch(ids: readonly string[], depth: number): readonly Fields[] {
    const then = this.#pick(['retry', 'continue', 'fail']);
    return [
      {
        ...(this.#is(0.5) && { on: this.#is(0.7) ? { code: this.#pick(CATCHES) } : { task: this.#pick(ids) } }),
        ...(this.#is(0.6) && { do: this.#block([], Math.min(depth, 1), 2).tasks }),
        then,
        ...(then === 'retry' && { max: this.#pick([1, 2]) }),
      },
    ];
  }

  #block(around: readonly string[], depth: number, most: number): Tasks {
    const ids = Array.from({ length: 1 + Math.floor(this.#dice() * most) }, () => {
      this.#count += 1;
      return `t${this.#count}`;
    });
    const tasks: Fields = {};
    const switches = new Set<string>();
    for (const [index, id] of ids.entries()) {
      const before = ids.slice(0, index);
      const task = this.#started([...around, ...before], ids.slice(index + 1), depth);
      if (task['switch'] !== undefined) switches.add(id);
      this.#place(task, before, switches);
      this.#behave(task, id, before, ids);
      tasks[id] = task;
    }
    return { tasks, ids };
  }

  #started(seen: readonly string[], later: readonly string[], depth: number): Fields {
    const roll = this.#dice();
    if (roll < 0.08) return { switch: [{ when: this.#condition(seen), then: 'a' }, { else: 'b' }] };
    if (roll < 0.16 && later.length > 0) {
      const named = this.#is(0.7) ? this.#pick(later) : later;
      return { cancel: this.#is(0.5) ? { tasks: named, complete: true } : named };
    }
    return this.#performer(seen, depth);
  }

  /** When it starts. */
  #place(task: Fields, before: readonly string[], switches: ReadonlySet<string>): void {
    const after = [...new Set(before.filter(() => this.#is(0.45)))];
    if (after.length === 0) return;
    task['after'] = after;
    if (this.#is(0.15)) task['join'] = 'each';
    else if (this.#is(0.3)) {
      task['join'] = this.#pick<unknown>(['any', Math.min(2, after.length)]);
      task['rest'] = this.#pick(['cancel', 'let']);
    }
    const cases = after.filter((id) => switches.has(id));
    if (cases.length > 0) task['case'] = Object.fromEntries(cases.map((id) => [id, this.#pick(['a', 'b'])]));
    if (this.#is(0.2)) task['when'] = this.#condition(after);
  }

  /** How often, how it fails, and within what. */
  #behave(task: Fields, id: string, before: readonly string[], all: readonly string[]): void {
    const isAgent = task['agent'] !== undefined;
    const add = (chance: number, key: string, value: () => unknown): void => {
      if (this.#is(chance)) task[key] = value();
    };
    add(0.15, 'while', () => `status["${this.#pick(all.filter((one) => one !== id).concat(before))}"] != 'completed'`);
    add(0.25, 'forEach', () => this.#list());
    add(isAgent || task['workflow'] !== undefined ? 0.7 : 0, 'retry', () =>
      this.#pick<unknown>([1, { maxAttempts: 2, initialDelay: '10ms' }]),
    );
    add(0.2, 'timeout', () => (isAgent ? { attempt: '1s', task: '5s' } : this.#pick(DURATIONS)));
    add(0.25, 'fallback', () =>
      this.#pick<unknown>([{ value: 7 }, { agent: 'other' }, [{ agent: 'other' }, { value: 'last' }]]),
    );
    add(0.35, 'compensate', () => 'undo');
    add(0.15, 'mutex', () => this.#pick<unknown>(['k', 'j', { key: 'k', across: 'workflow' }]));
    add(isAgent ? 0.1 : 0, 'delivery', () => 'at-most-once');
    add(isAgent ? 0.3 : 0, 'may', () =>
      this.#pick(['spawn', 'goto', 'goto', 'addItems', 'handOff', 'finish', 'link', 'cancel']),
    );
    add(0.12, 'repeat', () => ({
      from: this.#is(0.5) ? id : this.#pick([id, ...before]),
      until: 'round >= 2',
      max: 2,
    }));
  }

  #list(): Fields {
    const list: Fields = {
      items: this.#pick(['input.list', '[1, 2, 3]', '[]', '[1]']),
      concurrency: this.#pick([1, 2, 3]),
    };
    const roll = this.#dice();
    if (roll < 0.3) return { ...list, need: this.#pick([0, 1, 2]), rest: this.#pick(['cancel', 'let']) };
    if (roll < 0.5)
      return { ...list, until: this.#pick(['completed >= 1', 'ended >= 2']), rest: this.#pick(['cancel', 'let']) };
    return this.#is(0.5) ? { ...list, onItemFailure: 'continue' } : list;
  }
}

/** Words that may be taken away where they do not fit. */
const LESS: ReadonlySet<string> = new Set([
  ...['complete', 'rest', 'repeat', 'while', 'forEach', 'join', 'fallback', 'compensate', 'may', 'delivery', 'retry'],
  ...['timeout', 'when', 'case', 'mutex', 'input', 'loop', 'catch'],
]);

function mended(written: Fields): Workflow | undefined {
  for (let times = 0; times < 60; times += 1) {
    try {
      return loadDefinition(written as Json) as Workflow;
    } catch (error) {
      if (!isRepriseError(error, 'REPRISE_DEFINITION_INVALID')) throw error;
      const { problems } = error.details as unknown as { readonly problems: readonly { readonly path: string }[] };
      if (
        !problems.some(({ path }) =>
          lessen(
            written,
            path.split(/[.[\]]+/).filter((key) => key !== ''),
          ),
        )
      )
        return undefined;
    }
  }
  return undefined;
}

/** Takes the innermost word on a path away that may be, or one of the task that the path is in. */
function lessen(written: Fields, path: readonly string[]): boolean {
  const around: Fields[] = [written];
  for (const key of path) {
    const next = around.at(-1)?.[key];
    if (typeof next !== 'object' || next === null) break;
    around.push(next as Fields);
  }
  for (let at = Math.min(around.length, path.length) - 1; at >= 0; at -= 1) {
    const [fields, key] = [around[at] ?? {}, path[at] ?? ''];
    const word = LESS.has(key) && key in fields ? key : Object.keys(fields).find((one) => LESS.has(one));
    if (word === undefined) continue;
    delete fields[word];
    return true;
  }
  return false;
}
