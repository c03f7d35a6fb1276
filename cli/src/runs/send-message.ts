import type { RunSendOptions } from '@reprise/core';
import { usageError } from '../errors/usage-error.ts';
import { readGiven } from '../input/read-input.ts';
import { commandText } from '../output/command-text.ts';
import type { Terminal } from '../output/terminal.ts';
import { plain } from '../output/text.ts';
import type { Whereabouts } from '../store/locate-store.ts';
import { whoOf } from './said.ts';
import { commandRun } from './steer-run.ts';

export interface SendFlags extends Whereabouts {
  readonly data?: string | undefined;
  readonly type?: string | undefined;
  readonly performative?: string | undefined;
  readonly conversation?: string | undefined;
  readonly 'in-reply-to'?: string | undefined;
  readonly expires?: string | undefined;
  readonly drop?: boolean | undefined;
  readonly from?: string | undefined;
  readonly by?: string | undefined;
  readonly reason?: string | undefined;
  readonly 'request-id'?: string | undefined;
}

/** Sends a message into a run, whoever drives it, and prints its id. */
export async function sendMessage(typed: string, to: string, flags: SendFlags, terminal: Terminal): Promise<void> {
  refuseBeyond(to, flags);
  const data = flags.data === undefined ? null : await readGiven('data', flags.data);
  const { out, err } = terminal;
  let message = '';
  await commandRun(typed, flags, terminal, {
    shape: () => ({ message, to }),
    give: async (handle) => {
      ({ id: message } = await handle.send(to, data, { ...optionsOf(handle.id, flags), ...whoOf(flags) }));
    },
    say: async ({ runId }, driven) => {
      await out.line(plain(message));
      await err.line(`Run ${err.style('bold', runId)} has the message for '${plain(to)}'.`);
      await err.line(`What becomes of it: ${commandText(`run messages ${plain(runId)}`, flags)}`);
      if (driven === false)
        await err.line(
          `No process drives the runs of this store now; to have it delivered: ${commandText('worker start', flags)}`,
        );
    },
  });
}

/** What is sent into a run is for somebody of that run. */
function refuseBeyond(to: string, flags: SendFlags): void {
  if (to.startsWith('@'))
    throw usageError(
      `'${to}' is a name of no run, so that no run is to be named: ${commandText(`mailbox send ${plain(to)}`, flags)}`,
    );
  if (to.startsWith('client:') && flags['in-reply-to'] === undefined)
    throw usageError(
      `'${to}' is a program outside the runs. It is only answered: name the message of it that this answers with --in-reply-to.`,
    );
}

/** Whoever gets them says what is wrong with them. `run`: the one that it is sent into. */
export function optionsOf(run: string, flags: SendFlags): RunSendOptions {
  const { type, performative, conversation, expires, drop, from, 'in-reply-to': answered } = flags;
  return {
    ...(type === undefined ? {} : { type }),
    ...(performative === undefined ? {} : { performative: performative as RunSendOptions['performative'] & string }),
    ...(conversation === undefined ? {} : { conversation }),
    ...(answered === undefined ? {} : { inReplyTo: wholeId(run, answered) }),
    ...(expires === undefined ? {} : { expires }),
    ...(drop === true && { drop }),
    ...(from === undefined ? {} : { from }),
  };
}

/** The id of a message of the run, which is shown without the run that it begins with. */
const wholeId = (run: string, typed: string): string =>
  typed.startsWith(`${run}/`) || typed.startsWith(`${run}#`) ? typed : `${run}/${typed}`;
