import { liesIn, type RunMessage } from '@reprise/core';
import { shortId } from '../dead-letters/message-names.ts';
import { mailboxOf } from '../output/message-places.ts';
import { tableOrFolded } from '../output/table.ts';
import type { Terminal } from '../output/terminal.ts';
import { briefJson, localTime, number, plain } from '../output/text.ts';
import type { Whereabouts } from '../store/locate-store.ts';
import { resolveRun } from '../store/resolve-run.ts';
import { withReader } from '../store/with-reader.ts';
import { messageShape } from './message-shapes.ts';
import { aboutOf, becameOf, senderOf, whereTo } from './message-text.ts';

export interface MessagesFlags extends Whereabouts {
  readonly data?: boolean | undefined;
  readonly mailbox?: string | undefined;
}

const DATA_WIDTH = 200;

/** Prints who told whom what in a run, in order, and what has become of it. What they say is shown only when it is asked for. */
export async function showMessages(typed: string, flags: MessagesFlags, terminal: Terminal): Promise<void> {
  const { out, err, json } = terminal;
  const { data = false, mailbox } = flags;
  const { runId, own, all } = await withReader(flags, async ({ reader, storage }) => {
    const run = await resolveRun(storage, reader, typed);
    const { definition, labels } = await reader.state(run, 0);
    return { runId: run, own: mailboxOf(definition.name, labels), all: await reader.messages(run, { data }) };
  });
  const messages = mailbox === undefined ? all : all.filter((one) => isOf(one, mailbox));
  if (json) return out.json({ runId, messages: messages.map(messageShape) });
  if (messages.length === 0)
    return err.line(
      mailbox === undefined || all.length === 0
        ? `Nobody sent a message in run ${plain(runId)}.`
        : `No message of run ${plain(runId)} is or was in '${plain(mailbox)}'.`,
    );
  const columns = [
    { title: 'MESSAGE', flexible: true },
    { title: 'SENT' },
    { title: 'FROM', flexible: true },
    { title: 'TO', flexible: true },
    { title: 'ABOUT', flexible: true },
    { title: 'SIZE', align: 'right' },
    { title: 'BECAME', flexible: true },
    ...(data ? [{ title: 'DATA', flexible: true }] : []),
  ] as const;
  const cells = messages.map((one) => cellsOf(runId, one, data, own));
  for (const line of tableOrFolded(out, columns, cells)) await out.line(line);
}

/** Whether it is or was in the mailbox. Those of other runs are said with the run (`>r-2/critic`), names of no run by themselves. */
const isOf = (one: RunMessage, typed: string): boolean =>
  liesIn(one) === typed ||
  (one.mailbox === typed && (one.run === undefined || typed.startsWith('@'))) ||
  liesIn({ ...one, status: 'open' }) === typed;

const cellsOf = (runId: string, one: RunMessage, data: boolean, own: string | undefined): readonly string[] => [
  plain(shortId(runId, one.id)),
  localTime(one.sentAt),
  senderOf(one),
  one.topic === undefined ? whereTo(one, own) : `${whereTo(one, own)} (${plain(one.topic)})`,
  aboutOf(one),
  number(one.size),
  becameOf(one),
  ...(data ? [plain(briefJson(one.data ?? null, DATA_WIDTH))] : []),
];
