import { text } from 'node:stream/consumers';
import type { Json } from '@reprise/core';
import { readTextFile } from '../config/read-text-file.ts';
import { usageError } from '../errors/usage-error.ts';
import type { Terminal } from '../output/terminal.ts';
import { plain } from '../output/text.ts';
import { parse } from '../runs/read-input.ts';
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
  const data = await readMessage(flags.data);
  const { by, reason } = flags;
  await commandRun(run, flags, terminal, {
    shape: { message: typed },
    give: async (handle) => {
      const [message = typed] = await deadLettersMeant(handle, [typed]);
      await handle.editDeadLetter(message, data, { reason, ...(by === undefined ? {} : { by }) });
    },
    say: async ({ runId }) => {
      const { err } = terminal;
      await err.line(`Dead letter '${plain(typed)}' of run ${err.style('bold', runId)} says something else now.`);
    },
  });
}

/** JSON, `@` and the name of a file that has some, or `-` for stdin. Throws REPRISE_USAGE. */
async function readMessage(given: string): Promise<Json> {
  if (given === '-') return parse('data', await text(process.stdin), 'stdin');
  if (!given.startsWith('@')) return parse('data', given, '--data');
  const file = given.slice(1);
  const content = await readTextFile(file, (why, cause) =>
    usageError(`The data file ${file} could not be read: ${why}.`, {
      cause,
      fix: `Name a file with JSON, \`-\` for what is piped in, or give it as it is: --data '{"name":"Ada"}'.`,
    }),
  );
  return parse('data', content, file);
}
