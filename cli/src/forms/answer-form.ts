import { text } from 'node:stream/consumers';
import type { Json } from '@reprise/core';
import { parse } from '../input/parse-given.ts';
import { sayNobodyDrives } from '../output/nobody-drives.ts';
import { statusText } from '../output/status.ts';
import type { Terminal } from '../output/terminal.ts';
import { plain } from '../output/text.ts';
import { whoOf } from '../runs/said.ts';
import { commandRun } from '../runs/steer-run.ts';
import type { Whereabouts } from '../store/locate-store.ts';

export interface AnswerFlags extends Whereabouts {
  readonly answer: string;
  readonly by?: string | undefined;
  readonly reason?: string | undefined;
  readonly 'request-id'?: string | undefined;
}

/** Answers an open form, whoever drives its run. */
export async function answerForm(run: string, task: string, flags: AnswerFlags, terminal: Terminal): Promise<void> {
  const answer = await readAnswer(flags.answer);
  await commandRun(run, flags, terminal, {
    shape: () => ({ taskId: task }),
    give: (handle) => handle.answer(task, answer, whoOf(flags)),
    say: async ({ runId, status }, driven) => {
      const { err } = terminal;
      await err.line(
        `'${plain(task)}' of run ${err.style('bold', runId)} is answered; the run is ${statusText(err, status)}.`,
      );
      await sayNobodyDrives(driven, flags, err);
    },
  });
}

/** `-` is stdin. Throws REPRISE_USAGE. */
async function readAnswer(given: string): Promise<Json> {
  if (given !== '-') return parse('answer', given, '--answer');
  return parse('answer', await text(process.stdin), 'stdin');
}

export interface AssignFlags extends Whereabouts {
  readonly to: string;
  readonly by?: string | undefined;
  readonly reason?: string | undefined;
  readonly 'request-id'?: string | undefined;
}

/** Gives an open form to somebody else. */
export async function assignForm(run: string, task: string, flags: AssignFlags, terminal: Terminal): Promise<void> {
  const { to } = flags;
  await commandRun(run, flags, terminal, {
    shape: () => ({ taskId: task, to }),
    give: (handle) => handle.assign(task, to, whoOf(flags)),
    say: async ({ runId }) => {
      const { err } = terminal;
      await err.line(`'${plain(task)}' of run ${err.style('bold', runId)} is for ${plain(to)} now.`);
    },
  });
}
