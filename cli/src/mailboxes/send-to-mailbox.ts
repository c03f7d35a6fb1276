import { lookForDrivers } from '@reprise/core';
import { openToSteer } from '../drive/open-project.ts';
import { readGiven } from '../input/read-input.ts';
import type { Terminal } from '../output/terminal.ts';
import { plain } from '../output/text.ts';
import { whoOf } from '../runs/said.ts';
import { optionsOf, type SendFlags } from '../runs/send-message.ts';
import { locateStore } from '../store/locate-store.ts';
import { driverLines, driversShape } from '../store/silent-drivers.ts';
import { type MailboxFlags, mailboxCommand, mailboxMeant, ofMailbox } from './mailbox-names.ts';

/** Sends a message to a name of no run, which is there from then on, and prints its id. Needs nobody who drives: programs take it. */
export async function sendToMailbox(
  typed: string,
  flags: SendFlags & MailboxFlags,
  { out, err, json }: Terminal,
): Promise<void> {
  const mailbox = mailboxMeant(typed, flags);
  const { name, runId } = mailbox;
  const data = flags.data === undefined ? null : await readGiven('data', flags.data);
  const { orchestrator, storage } = await openToSteer(await locateStore(flags, process.cwd()));
  try {
    const { from = flags.by ?? 'outside', ...how } = optionsOf(runId, flags);
    const whose = flags.tenant === undefined ? {} : { tenant: flags.tenant };
    const sent = await orchestrator.messages(from).send(`@${name}`, data, { ...how, ...whose, ...whoOf(flags) });
    const drivers = await lookForDrivers(storage);
    if (json)
      return await out.json({
        runId,
        message: sent.id,
        to: `@${name}`,
        driven: drivers.driven ?? null,
        ...driversShape(drivers),
      });
    await out.line(plain(sent.id));
    await err.line(`${err.style('bold', `@${name}`)} has the message.`);
    await err.line(`What becomes of it: ${mailboxCommand('show', mailbox, flags)}`);
    for (const line of driverLines(err, drivers)) await err.line(line);
  } catch (error) {
    throw ofMailbox(error, mailbox, flags);
  } finally {
    await orchestrator.stop();
  }
}
