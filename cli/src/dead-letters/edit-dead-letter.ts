import { readGiven } from '../input/read-input.ts';
import { commandText } from '../output/command-text.ts';
import type { Terminal } from '../output/terminal.ts';
import { plain } from '../output/text.ts';
import { commandRun } from '../runs/steer-run.ts';
import type { Whereabouts } from '../store/locate-store.ts';
import { deadLettersMeant } from './message-names.ts';

export interface EditDeadLetterFlags extends Whereabouts {
  readonly data: string;
  readonly reason: string;
  readonly by?: string | undefined;
}

/** Has a dead letter say something else. */
export async function editDeadLetter(
  run: string,
  typed: string,
  flags: EditDeadLetterFlags,
  terminal: Terminal,
): Promise<void> {
  const data = await readGiven('data', flags.data);
  const { by, reason } = flags;
  let message = typed;
  await commandRun(run, flags, terminal, {
    shape: () => ({ message }),
    give: async (handle) => {
      [message = typed] = await deadLettersMeant(handle, [typed]);
      await handle.editDeadLetter(message, data, { reason, ...(by === undefined ? {} : { by }) });
    },
    say: async ({ runId }) => {
      const { err } = terminal;
      await err.line(`Dead letter '${plain(typed)}' of run ${err.style('bold', runId)} says something else now.`);
      const redrive = commandText(`dead-letter redrive ${plain(runId)} '${plain(typed)}' --reason WHY`, flags);
      await err.line(`Nobody gets it until it is redriven: ${redrive}`);
    },
  });
}
