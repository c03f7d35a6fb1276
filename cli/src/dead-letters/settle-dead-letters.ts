import { type DeadLetterRow, lookForDrivers, printQuery, type RunHandle, toErrorData } from '@reprise/core';
import { openToSteer } from '../drive/open-project.ts';
import { EXIT } from '../errors/exit-codes.ts';
import { usageError } from '../errors/usage-error.ts';
import { commandText } from '../output/command-text.ts';
import { placeText } from '../output/message-places.ts';
import type { Terminal } from '../output/terminal.ts';
import { count, number, plain } from '../output/text.ts';
import { inParallel, isAgreed } from '../runs/one-or-many.ts';
import { commandRun } from '../runs/steer-run.ts';
import { locateStore, type Whereabouts } from '../store/locate-store.ts';
import { noRunsYet } from '../store/with-reader.ts';
import { deadLettersMeant, shortId } from './message-names.ts';
import { allDeadLetters, deadLettersWhere } from './read-dead-letters.ts';

interface SettleFlags extends Whereabouts {
  readonly query?: string | undefined;
  readonly yes?: boolean | undefined;
  readonly 'dry-run'?: boolean | undefined;
  readonly reason: string;
  readonly by?: string | undefined;
  /** Of redrive. */
  readonly to?: string | undefined;
}

/** What is done with dead letters, and how it is told. */
const ACTIONS = {
  redrive: { done: 'redriven', goesOn: true },
  discard: { done: 'discarded', goesOn: false },
} as const;

type Settling = keyof typeof ACTIONS;

/** Dead letters of one command. */
const CHUNK = 256;
/** Those that are named before it is asked, and runs whose refusals are told one by one. */
const NAMED = 10;
/** How often progress is told, in dead letters. */
const TOLD_EVERY = 1000;

/** Does something with dead letters of a run, or with every one that fits a query. Returns the exit code: 1 when some were refused. */
export async function settleDeadLetters(
  named: readonly string[],
  how: Settling,
  flags: SettleFlags,
  terminal: Terminal,
): Promise<number> {
  const { query } = flags;
  const [run, ...messages] = named;
  if (query === undefined) {
    if (flags.yes === true || flags['dry-run'] === true)
      throw usageError('--yes and --dry-run are for many dead letters, which are given by --query.');
    if (run === undefined || messages.length === 0)
      throw usageError(
        'Name a run and dead letters of it, as `dead-letter list` shows them, or give --query for many.',
      );
    return settleNamed(run, messages, how, flags, terminal);
  }
  if (run !== undefined) throw usageError('Name a run and dead letters of it, or give --query: not both.');
  if (query.trim() === '')
    throw usageError(
      "The query is empty, which every dead letter would fit. Say which are meant; 'status:open' is for all that are open.",
    );
  return settleAll(query, how, flags, terminal);
}

async function settleNamed(
  run: string,
  typed: readonly string[],
  how: Settling,
  flags: SettleFlags,
  terminal: Terminal,
): Promise<number> {
  const { err } = terminal;
  const { done, goesOn } = ACTIONS[how];
  let messages: readonly string[] = [];
  await commandRun(run, flags, terminal, {
    shape: () => ({ messages }),
    give: async (handle) => {
      messages = [...new Set(await deadLettersMeant(handle, typed))];
      for (const chunk of chunksOf(messages)) await give(handle, chunk, how, flags);
    },
    say: async ({ runId }, driven) => {
      await err.line(`${count(messages.length, 'dead letter')} of run ${err.style('bold', runId)} ${done}.`);
      if (goesOn && driven === false) await err.line(nobodyDrives(flags));
    },
  });
  return EXIT.ok;
}

const nobodyDrives = (where: Whereabouts): string =>
  `No process drives the runs of this store now; to have them delivered: ${commandText('worker start', where)}`;

const chunksOf = (ids: readonly string[]): readonly (readonly string[])[] =>
  Array.from({ length: Math.ceil(ids.length / CHUNK) }, (_, index) => ids.slice(index * CHUNK, (index + 1) * CHUNK));

function give(
  handle: RunHandle,
  messages: readonly string[],
  how: Settling,
  { by, reason, to }: SettleFlags,
): Promise<void> {
  const said = { reason, ...(by === undefined ? {} : { by }) };
  if (how === 'discard') return handle.discardDeadLetters(messages, said);
  return handle.redriveDeadLetters(messages, { ...said, ...(to === undefined ? {} : { to }) });
}

/** What was refused of a run, and why. */
interface Refused {
  readonly runId: string;
  readonly code: string;
  readonly message: string;
  readonly messages: readonly string[];
}

async function settleAll(query: string, how: Settling, flags: SettleFlags, terminal: Terminal): Promise<number> {
  const { out, err, json } = terminal;
  const where = deadLettersWhere(query, ['open']);
  const letters = await allDeadLetters(where, flags, terminal);
  const dryRun = flags['dry-run'] === true;
  const shape = { query: printQuery(where), matched: letters.length, dryRun };
  if (dryRun || letters.length === 0) {
    const messages = letters.map(({ run, message }) => ({ runId: run, message }));
    if (json) await out.json({ ...shape, done: [], failed: [], messages });
    else if (letters.length === 0) await err.line('No dead letter fits.');
    else await tell(letters, `It would ${how} ${count(letters.length, 'dead letter')}`, terminal, letters.length);
    return EXIT.ok;
  }
  const what = `${how} ${count(letters.length, 'dead letter')}`;
  const agreed = await isAgreed(flags, what, terminal, () => tell(letters, `This will ${what}`, terminal, NAMED));
  if (!agreed) {
    await err.line('Nothing was done.');
    return EXIT.failed;
  }
  const { done, failed, driven } = await settleEach(letters, how, flags, terminal);
  if (json) await out.json({ ...shape, done, failed });
  const sum = (all: readonly { readonly messages: readonly string[] }[]): number =>
    all.reduce((total, { messages }) => total + messages.length, 0);
  const worse = failed.length === 0 ? '' : `, ${number(sum(failed))} refused`;
  const { done: verb, goesOn } = ACTIONS[how];
  await err.line(`${count(sum(done), 'dead letter')} ${verb}${worse}.`);
  if (goesOn && driven === false && done.length > 0 && !json) await err.line(nobodyDrives(flags));
  return failed.length === 0 ? EXIT.ok : EXIT.failed;
}

async function settleEach(letters: readonly DeadLetterRow[], how: Settling, flags: SettleFlags, { err }: Terminal) {
  const access = await locateStore(flags, process.cwd());
  if (access.exists === false) throw noRunsYet(access);
  const { orchestrator, storage } = await openToSteer(access);
  const done: { readonly runId: string; readonly messages: readonly string[] }[] = [];
  const failed: Refused[] = [];
  let ended = 0;
  try {
    await inParallel([...Map.groupBy(letters, ({ run }) => run)], async ([runId, own]) => {
      const handle = orchestrator.run(runId);
      for (const messages of chunksOf(own.map(({ message }) => message))) {
        try {
          await give(handle, messages, how, flags);
          done.push({ runId, messages });
        } catch (error) {
          const { code, message } = toErrorData(error, 'REPRISE_COMMAND_INVALID');
          failed.push({ runId, code, message, messages });
          if (failed.length <= NAMED)
            await err.line(`${plain(runId)}: ${err.style('red', plain(`${code}: ${message}`))}`);
          else if (failed.length === NAMED + 1) await err.line('More are refused, which --json tells one by one.');
        }
        const before = ended;
        ended += messages.length;
        if (Math.floor(ended / TOLD_EVERY) > Math.floor(before / TOLD_EVERY))
          await err.line(err.style('dim', `${number(ended)} of ${number(letters.length)}`));
      }
    });
    const { driven } = await lookForDrivers(storage);
    return { done, failed, driven };
  } finally {
    await orchestrator.stop();
  }
}

async function tell(letters: readonly DeadLetterRow[], what: string, { err }: Terminal, most: number): Promise<void> {
  await err.line(`${what}:`);
  for (const { run, message, mailbox, toRun, code } of letters.slice(0, most)) {
    const where = plain(placeText(mailbox, toRun));
    await err.line(`  ${plain(run)}  ${plain(shortId(run, message))}  ${where}  ${plain(code)}`);
  }
  if (letters.length > most) await err.line(`  and ${number(letters.length - most)} more`);
}
