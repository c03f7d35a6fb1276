import type { ErrorData } from '@reprise/core';
import { plain } from './text.ts';

/** Failures that are remembered; those before them are told anew. */
const MOST = 200;

/** Which failures a view has told, by what they say, so that none is told twice: what repeats one, or follows from one, names the task of it. */
export class ToldFailures {
  /** The task that told it, and the last that had it, too; the newest at the end. */
  readonly #tasks = new Map<string, { readonly first: string; last: string }>();

  /** What stands for a failure that was told already; undefined for a new one, which is told from now on. `task`: whose it is; undefined for the run. */
  words(task: string | undefined, { code, message }: Pick<ErrorData, 'code' | 'message'>): string | undefined {
    const same = this.#tasks.get(`${code}: ${message}`);
    if (same !== undefined) {
      same.last = task ?? same.last;
      return same.first === task ? 'as before' : plain(`as '${same.first}'`);
    }
    for (const [told, by] of [...this.#tasks].reverse()) {
      // "Task 'pay' failed: no luck", "item 2: no luck": what is in it failed so.
      const own = told.slice(told.indexOf(': ') + 2);
      if (own !== '' && message.endsWith(`: ${own}`)) return plain(`because of '${by.last}'`);
    }
    if (task === undefined) return undefined;
    this.#tasks.set(`${code}: ${message}`, { first: task, last: task });
    const [oldest] = this.#tasks.size > MOST ? this.#tasks.keys() : [];
    if (oldest !== undefined) this.#tasks.delete(oldest);
    return undefined;
  }
}
