import type { RunChange } from '@reprise/core';
import { commandText } from '../output/command-text.ts';
import { addedText, partText } from '../output/part-text.ts';
import { statusText } from '../output/status.ts';
import type { Screen } from '../output/terminal.ts';
import { count, number, plain } from '../output/text.ts';
import { wrapped } from '../output/wrapped.ts';
import type { Whereabouts } from '../store/locate-store.ts';
import type { CompatVerdict } from './compat-verdict.ts';

/** Runs, and changes of one, that are told; all of them are in the JSON. */
const TOLD_RUNS = 50;
const TOLD_CHANGES = 8;
/** Columns where no terminal says how many there are. */
const WIDTH = 100;

/** What becomes of open runs, for people: those that do not go on first. */
export function compatLines(
  screen: Screen,
  { name, version, source }: { readonly name: string; readonly version: string; readonly source: string },
  verdicts: readonly CompatVerdict[],
  where: Whereabouts,
): readonly string[] {
  const width = Math.max(40, screen.isTTY ? screen.columns : WIDTH);
  const lines = [`${screen.style('bold', plain(`${name}@${version}`))}  ${screen.style('dim', plain(source))}`];
  const sorted = verdicts.toSorted((one, other) => rank(one) - rank(other));
  if (sorted.length === 0) return [...lines, 'No open run fits.'];
  const stuck = verdicts.filter((verdict) => rank(verdict) === 0).length;
  lines.push(`${count(verdicts.length, 'run')}: ${summaryOf(verdicts.length, stuck)}.`);
  for (const verdict of sorted.slice(0, TOLD_RUNS)) {
    const { runId, workflow, status } = verdict;
    const mark = rank(verdict) === 0 ? screen.style('red', '✖') : screen.style('green', '✔');
    const of = plain(`${workflow}@${verdict.version}`);
    lines.push('', `${mark} ${screen.style('bold', plain(runId))}  ${of}  ${statusText(screen, status)}`);
    for (const text of textsOf(verdict, version)) lines.push(...wrapped(plain(text), width, '    '));
    const command = forkOf(verdict, where);
    if (command !== undefined) lines.push(`      ${screen.style('dim', command)}`);
  }
  if (sorted.length > TOLD_RUNS) lines.push('', `and ${number(sorted.length - TOLD_RUNS)} more; --json has all`);
  return lines;
}

function summaryOf(all: number, stuck: number): string {
  if (stuck > 0) return `${number(stuck)} ${stuck === 1 ? 'does' : 'do'} not go on`;
  return all === 1 ? 'it goes on' : 'all go on';
}

const rank = ({ next, touched, changes }: CompatVerdict): number =>
  next === 'held' || next === 'unreadable' ? 0 : touched ? 1 : changes.length > 0 ? 2 : 3;

function textsOf(verdict: CompatVerdict, version: string): readonly string[] {
  const { next, why, definition, changes } = verdict;
  if (next === 'unreadable') return [`It cannot be read: ${why}`];
  if (next === 'goes-on' && definition === 'same') return ['It goes on: its definition is this one.'];
  const texts: string[] = [];
  if (next === 'ended') texts.push('It has ended: nothing more becomes of it.');
  else if (next === 'held') texts.push(`It is held. ${why}`);
  else texts.push('It goes on, as it was recorded.');
  if (definition === 'none')
    texts.push(`There is no version ${verdict.version} now; there is ${version}, which is another workflow to it.`);
  const others = changes.filter(({ kind }) => kind !== 'missing');
  if (next === 'held') {
    if (others.length > 0) texts.push(`Also changed: ${told(others)}.`);
    return verdict.fork === undefined ? texts : [...texts, forkText(verdict)];
  }
  const taken = others.filter((change) => change.taken);
  if (taken.length > 0) texts.push(`With another function: ${told(taken)}.`);
  const kept = others.filter((change) => !change.taken);
  if (kept.length > 0) texts.push(`Not taken up: ${told(kept)}.`);
  if (verdict.fork !== undefined) texts.push(forkText(verdict));
  return texts;
}

function told(changes: readonly RunChange[]): string {
  const named = changes
    .toSorted((one, other) => Number(one.standing === 'ahead') - Number(other.standing === 'ahead'))
    .slice(0, TOLD_CHANGES)
    .map((change) => {
      const added = addedText(change);
      return `${partText(change)} (${STANDINGS[change.standing]}${added === undefined ? '' : `, ${added}`})`;
    });
  const left = changes.length - named.length;
  return named.join(', ') + (left > 0 ? ` and ${number(left)} more` : '');
}

const STANDINGS = { done: 'done', 'under-way': 'under way', ahead: 'ahead' } as const;

const forkText = ({ fork, touched }: CompatVerdict): string =>
  touched && fork?.at !== undefined
    ? 'To have all of it, what was done with what changed included, in a new run:'
    : 'To have all of it, in a new run:';

const forkOf = ({ runId, fork }: CompatVerdict, where: Whereabouts): string | undefined =>
  fork === undefined
    ? undefined
    : plain(commandText(`run fork ${runId}${fork.at === undefined ? '' : ` --at ${fork.at}`}`, where));
