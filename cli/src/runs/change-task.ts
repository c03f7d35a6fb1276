import { isTerminal, type RunHandle, type TaskView } from '@reprise/core';
import { usageError } from '../errors/usage-error.ts';
import { readGiven } from '../input/read-input.ts';
import { sayNobodyDrives } from '../output/nobody-drives.ts';
import { statusText } from '../output/status.ts';
import type { Terminal } from '../output/terminal.ts';
import { briefJson, plain } from '../output/text.ts';
import type { Whereabouts } from '../store/locate-store.ts';
import { type SaidFlags, whoOf } from './said.ts';
import { commandRun } from './steer-run.ts';

export type WhoFlags = Whereabouts & SaidFlags;

interface Change {
  give(handle: RunHandle): Promise<void>;
  /** What became of the task: "is skipped". */
  done(task: TaskView | undefined): string;
  readonly shape?: Readonly<Record<string, Parameters<typeof briefJson>[0]>>;
}

/** Changes one task of an open run, whoever drives it. */
async function changeTask(
  typed: string,
  task: string,
  flags: WhoFlags,
  terminal: Terminal,
  { give, done, shape = {} }: Change,
): Promise<void> {
  const { err } = terminal;
  await commandRun(typed, flags, terminal, {
    shape: () => ({ taskId: task, ...(shape as Record<string, never>) }),
    give,
    say: async ({ runId, status, tasks }, driven) => {
      const what = done(tasks.get(task));
      await err.line(
        `'${plain(task)}' of run ${err.style('bold', plain(runId))} ${what}; the run is ${statusText(err, status)}.`,
      );
      if (!isTerminal(status)) await sayNobodyDrives(driven, flags, err);
    },
  });
}

/** What is outstanding in it comes first. */
const onceDone = (task: TaskView | undefined, now: string, later: string): string =>
  task?.closing === undefined ? now : later;

export const skipTask = (run: string, task: string, flags: WhoFlags, terminal: Terminal): Promise<void> =>
  changeTask(run, task, flags, terminal, {
    give: (handle) => handle.skip(task, whoOf(flags)),
    done: (view) => onceDone(view, 'is skipped', 'is skipped once what is outstanding in it has ended, and is undone'),
  });

export async function overrideTask(
  run: string,
  task: string,
  flags: WhoFlags & { readonly output: string },
  terminal: Terminal,
): Promise<void> {
  const output = await readGiven('output', flags.output);
  await changeTask(run, task, flags, terminal, {
    give: (handle) => handle.override(task, output, whoOf(flags)),
    done: (view) => {
      const given = plain(briefJson(output, 60));
      return onceDone(view, `gives ${given}`, `gives ${given} once what is outstanding in it has ended`);
    },
  });
}

/** Throws REPRISE_USAGE for what is no number. */
export async function setPriority(
  run: string,
  task: string,
  given: string,
  flags: WhoFlags,
  terminal: Terminal,
): Promise<void> {
  const priority = given.trim() === '' ? Number.NaN : Number(given);
  if (!Number.isFinite(priority))
    throw usageError(`'${given}' is no priority: it is a number, such as 10. Higher goes first.`);
  await changeTask(run, task, flags, terminal, {
    give: (handle) => handle.setPriority(task, priority, whoOf(flags)),
    done: () => `has the priority ${priority}`,
    shape: { priority },
  });
}

/** Draws edges to a task, or takes them away. */
export const relinkTask = (
  how: 'link' | 'unlink',
  run: string,
  task: string,
  flags: WhoFlags & { readonly after: readonly string[] },
  terminal: Terminal,
): Promise<void> => {
  const names = flags.after.map((id) => `'${plain(id)}'`).join(', ');
  return changeTask(run, task, flags, terminal, {
    give: (handle) =>
      how === 'link' ? handle.link(task, flags.after, whoOf(flags)) : handle.unlink(task, flags.after, whoOf(flags)),
    done: () => (how === 'link' ? `comes after ${names}, too` : `no longer comes after ${names}`),
    shape: { after: flags.after },
  });
};

export const restartTask = (
  run: string,
  task: string,
  flags: WhoFlags & { readonly again?: readonly string[] | undefined },
  terminal: Terminal,
): Promise<void> => {
  const { again } = flags;
  return changeTask(run, task, flags, terminal, {
    give: (handle) => handle.restart(task, { ...whoOf(flags), ...(again === undefined ? {} : { again }) }),
    done: () => 'begins again, and all that comes after it',
  });
};
