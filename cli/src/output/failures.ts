import { relative, sep } from 'node:path';
import { frameText, taskPaths, userFrame } from '@reprise/core';
import { wantsStacks } from '../errors/describe-error.ts';
import { plain } from './text.ts';

/** Failures that are remembered; those before them are forgotten. */
const MOST = 1000;
/** Lines of a stack that are shown. */
const MOST_LINES = 60;

/**
 * Where agents of this process failed. Beside history: what another process ran is not known here. Of an error to which its agent gave a code of
 * its own, which is no mistake, that is shown with DEBUG only.
 */
export class Failures {
  readonly #stacks = new Map<string, string>();
  readonly #newest = new Map<string, string>();

  add(runId: string, taskId: string, attempt: number, stack: string, isMistake: boolean): void {
    if (!isMistake && !wantsStacks(process.env)) return;
    remember(this.#stacks, `${runId} ${taskId} ${attempt}`, stack);
    // By task of the definition: written of items as of the task whose items they are.
    for (const rules of [1, 3]) remember(this.#newest, `${runId} ${taskPaths(rules).definition(taskId)}`, stack);
  }

  /** What is to be shown of one attempt's failure: its first frame in the user's own code, or, with DEBUG, the stack. */
  linesOf(runId: string, taskId: string, attempt: number): readonly string[] {
    return stackLines(this.#stacks.get(`${runId} ${taskId} ${attempt}`));
  }

  /** The first frame in the user's own code of the newest failure of a task or its items. `task`: as in the definition. */
  frameOf(runId: string, task: string): string | undefined {
    return frameIn(this.#newest.get(`${runId} ${task}`));
  }
}

function remember(stacks: Map<string, string>, key: string, stack: string): void {
  stacks.delete(key);
  stacks.set(key, stack);
  const [oldest] = stacks.size > MOST ? stacks.keys() : [];
  if (oldest !== undefined) stacks.delete(oldest);
}

/** `at firstName (agents.ts:4:24)`, or nothing where no code of the user's is in the stack. */
export function frameIn(stack: string | undefined): string | undefined {
  const frame = stack === undefined ? undefined : userFrame(stack);
  return frame === undefined ? undefined : plain(frameText(frame, fromHere));
}

/** The first frame in the user's own code, or, with DEBUG, the whole stack and its causes. */
export function stackLines(stack: string | undefined): readonly string[] {
  if (stack === undefined) return [];
  if (wantsStacks(process.env))
    return stack
      .split('\n')
      .slice(0, MOST_LINES)
      .map((line) => plainStart(line));
  const frame = frameIn(stack);
  return frame === undefined ? [] : [frame];
}

/** One line of a stack, with its indentation. */
const plainStart = (line: string): string => `${/^ */.exec(line)?.[0] ?? ''}${plain(line)}`;

/** Paths below the current folder are shown from there. */
function fromHere(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith(`..${sep}`) || short === '' ? path : short;
}
