import { type MessageEdit, nearest, RepriseError, type RunMessage } from '@reprise/core';
import { jsonBlock } from '../output/json-block.ts';
import { mailboxOf } from '../output/message-places.ts';
import type { Terminal } from '../output/terminal.ts';
import { localTime, number, plain } from '../output/text.ts';
import { messageShape } from '../runs/message-shapes.ts';
import { aboutOf, becameOf, receiverOf, senderOf, whereTo } from '../runs/message-text.ts';
import type { Whereabouts } from '../store/locate-store.ts';
import { resolveRun } from '../store/resolve-run.ts';
import { withReader } from '../store/with-reader.ts';
import { idsMeant, shortId } from './message-names.ts';

/** Prints a dead letter: what it says, who had it and gave it back, and what led to it. Read from the history of its run, which may have ended. */
export async function showDeadLetter(
  typedRun: string,
  typed: string,
  where: Whereabouts,
  terminal: Terminal,
): Promise<void> {
  const { out, json } = terminal;
  const { runId, own, messages } = await withReader(where, async ({ storage, reader }) => {
    const run = await resolveRun(storage, reader, typedRun);
    const { definition, labels } = await reader.state(run, 0);
    return {
      runId: run,
      own: mailboxOf(definition.name, labels),
      messages: await reader.messages(run, { data: true }),
    };
  });
  const byId = new Map(messages.map((one) => [one.id, one]));
  const letter = letterOf(runId, byId, typed);
  const { death, inReplyTo, data = null } = letter;
  const led = [...new Set([...(inReplyTo === undefined ? [] : [inReplyTo]), ...(death?.causes ?? [])])];
  if (json) {
    const related = led.map((id) => withoutData(byId.get(id)) ?? { message: id });
    return out.json({ runId, ...messageShape(letter), related });
  }
  await out.line(`${out.style('bold', plain(aboutOf(letter)))}  ${plain(runId)} ${plain(shortId(runId, letter.id))}`);
  const facts = [
    ['From', senderOf(letter)],
    ['Mailbox', whereTo(letter, own)],
    ['Sent', localTime(letter.sentAt)],
    ...(letter.conversation === undefined ? [] : [['Part of', plain(letter.conversation)]]),
    ...(death === undefined
      ? []
      : [
          ['Died', localTime(death.at)],
          ['Why', plain(`${death.code}: ${death.reason}`)],
        ]),
    ['Now', becameOf(letter)],
    ...(letter.lastEdit === undefined ? [] : [['Edited', editedText(letter.edited, letter.lastEdit)]]),
  ];
  for (const [name = '', value = ''] of facts) await out.line(`${name.padEnd(8)} ${value}`);
  if (letter.deliveries.length > 0) await out.line('Who had it');
  for (const one of letter.deliveries) {
    const end = one.reason ?? one.outcome ?? 'has it';
    await out.line(
      `  ${localTime(one.at)}  ${receiverOf(one)}: ${plain(one.code === undefined ? end : `${one.code}: ${end}`)}`,
    );
  }
  if (led.length > 0) await out.line('What led to it');
  for (const id of led) await out.line(`  ${relatedLine(runId, id, byId.get(id), own)}`);
  await out.line(`What it says (${number(letter.size)} characters)`);
  for (const line of jsonBlock(data)) await out.line(line);
}

/** How often, and the last time when, by whom and why. */
function editedText(times: number, { at, by, reason }: MessageEdit): string {
  const often = times === 1 ? 'once,' : `${number(times)} times, the last time`;
  const who = by === undefined ? '' : ` by ${plain(by)}`;
  return `${often} ${localTime(at)}${who}${reason === undefined ? '' : `: ${plain(reason)}`}`;
}

function withoutData(message: RunMessage | undefined): object | undefined {
  if (message === undefined) return undefined;
  const { data: _data, ...others } = message;
  return messageShape(others);
}

function relatedLine(run: string, id: string, message: RunMessage | undefined, own: string | undefined): string {
  const name = plain(shortId(run, id));
  if (message === undefined) return `${name}  (of another run)`;
  return `${name}  ${senderOf(message)} to ${whereTo(message, own)}, ${aboutOf(message)}; ${becameOf(message)}`;
}

/** Throws REPRISE_DEAD_LETTER_UNKNOWN. */
function letterOf(run: string, messages: ReadonlyMap<string, RunMessage>, typed: string): RunMessage {
  const [found] = idsMeant(run, typed).flatMap((id) => messages.get(id) ?? []);
  if (found?.death !== undefined) return found;
  if (found !== undefined)
    throw new RepriseError(
      'REPRISE_DEAD_LETTER_UNKNOWN',
      `'${typed}' of run '${run}' is a message, and never was a dead letter: ${becameOf(found)}.`,
    );
  const dead = [...messages.values()].filter(({ death }) => death !== undefined).map(({ id }) => shortId(run, id));
  const near = nearest(typed, dead);
  const some = `${dead
    .slice(0, NAMED)
    .map((id) => `'${id}'`)
    .join(', ')}${dead.length > NAMED ? ' and more' : ''}`;
  const hint = near === undefined ? '.' : `; did you mean '${near}'?`;
  throw new RepriseError(
    'REPRISE_DEAD_LETTER_UNKNOWN',
    `There is no dead letter '${typed}' in run '${run}'${hint} ${dead.length === 0 ? 'It has none.' : `It has ${some}.`}`,
  );
}

const NAMED = 10;
