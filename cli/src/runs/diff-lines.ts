import { type Difference, type DiffSide, type DiffTask, formatDuration, type Json, type RunDiff } from '@reprise/core';
import { addedText, partText } from '../output/part-text.ts';
import { statusText } from '../output/status.ts';
import { table } from '../output/table.ts';
import type { Screen } from '../output/terminal.ts';
import { briefJson, clip, count, number, plain, widthOf } from '../output/text.ts';
import { whereDiffers } from '../output/where-differs.ts';
import { wrapped } from '../output/wrapped.ts';

/** Differences, and tasks of a kind, that are told; all of them are in the JSON. */
const TOLD = 20;
/** Changes of the workflow that are. */
const TOLD_CHANGES = 8;
/** Columns where no terminal says how many there are. */
const WIDTH = 100;

/** What two runs have in common, and in what they differ, for people. */
export function diffLines(screen: Screen, diff: RunDiff): readonly string[] {
  const { a, b } = diff;
  const width = Math.max(40, screen.isTTY ? screen.columns : WIDTH);
  const title = (text: string): readonly string[] => ['', screen.style('dim', text)];
  const lines = [
    ...sideLines(screen, 'A', a, width),
    ...sideLines(screen, 'B', b, width),
    ...relationLines(diff),
    ...changeLines(diff, width),
  ];
  if (diff.workflow !== 'other') {
    lines.push('', ...partingLines(screen, diff, width));
    if (diff.differences.length > 0) lines.push(...title('Different'), ...differenceLines(screen, diff, width));
    if (diff.onlyA.length > 0) lines.push(...title('Only in A'), ...onlyLines(diff.onlyA, width));
    if (diff.onlyB.length > 0) lines.push(...title('Only in B'), ...onlyLines(diff.onlyB, width));
    if (diff.same > 0) lines.push('', `${number(diff.same)} the same in both (rounds, and the run itself, counted)`);
  }
  lines.push('', ...costLines(screen, diff), ...taskLines(screen, diff));
  return lines;
}

function sideLines(
  screen: Screen,
  name: string,
  { runId, workflow, version, status }: DiffSide,
  width: number,
): readonly string[] {
  const who = `${screen.style('dim', name)}  ${screen.style('bold', plain(runId))}`;
  const what = `${plain(`${workflow}@${version}`)}  ${statusText(screen, status)}`;
  return widthOf(who) + widthOf(what) + 2 <= width ? [`${who}  ${what}`] : [who, `   ${what}`];
}

function relationLines({ a, b, workflow }: RunDiff): readonly string[] {
  const lines = [relation('A', a, 'B', b), relation('B', b, 'A', a)].filter((line) => line !== undefined);
  if (a.lineage !== undefined && a.lineage.runId === b.lineage?.runId)
    lines.push(`Both go on from run ${plain(a.lineage.runId)}.`);
  if (a.runId === b.runId) lines.push('One and the same run.');
  if (workflow === 'other') lines.push('Of different workflows: only what each cost is compared.');
  if (workflow === 'version') lines.push('Of different versions of the workflow.');
  if (workflow === 'definition') lines.push('The workflow was changed, and kept its version.');
  return lines.map((line) => `   ${line}`);
}

/** What of the workflow was changed between the two. */
function changeLines({ changes }: RunDiff, width: number): readonly string[] {
  if (changes.length === 0) return [];
  const named = changes.slice(0, TOLD_CHANGES).map((change) => {
    const added = addedText(change);
    return partText(change) + (added === undefined ? '' : ` (${added})`);
  });
  const left = changes.length - named.length;
  const text = `B has changed: ${named.join(', ')}${left > 0 ? ` and ${number(left)} more` : ''}.`;
  return wrapped(plain(text), width, '   ');
}

function relation(name: string, { lineage }: DiffSide, other: string, { runId }: DiffSide): string | undefined {
  if (lineage?.runId !== runId) return undefined;
  const { as, revision, edited } = lineage;
  const how = edited === true ? 'with another input' : `from revision ${revision} on`;
  return `${name} goes on from ${other}${as === undefined ? '' : ` as a ${as}`}, ${how}.`;
}

function partingLines(screen: Screen, { parting, a, b }: RunDiff, width: number): readonly string[] {
  if (parting === undefined) return ['No difference: what the one did, the other did the same.'];
  const [one, other] = [parting.a, parting.b];
  const isSame =
    one !== undefined && one.rounds === other?.rounds && one.attempt === other.attempt && one.what === other.what;
  const head = screen.style(
    'bold',
    isSame ? `They part first at ${placeOf(one)}: ${one.what}` : 'They part first here',
  );
  const place = whereDiffers(one?.value, other?.value);
  const lines = [head];
  if (isSame && place.path !== '') lines.push(`  at ${clip(plain(place.path), width - 5)}`);
  for (const [name, part, side, value] of [
    ['A', one, a, place.a],
    ['B', other, b, place.b],
  ] as const) {
    if (part === undefined) {
      lines.push(`  ${screen.style('dim', name)}  ${ended(side) ? 'nothing more' : 'nothing more yet'}`);
      continue;
    }
    const about = isSame ? '' : `: ${placeOf(part)}${part.what === 'attempt' ? '' : `, ${part.what}`}`;
    lines.push(
      `  ${screen.style('dim', name)}  ${clip(plain(`event ${part.revision}, ${part.type}${about}`), width - 5)}`,
    );
    if (part.what !== 'attempt') lines.push(`     ${valueText(isSame ? value : part.value, width - 5)}`);
  }
  return lines;
}

const ended = ({ status }: DiffSide): boolean =>
  status === 'completed' || status === 'failed' || status === 'cancelled';

function placeOf({ rounds, attempt }: { readonly rounds: string; readonly attempt: number | undefined }): string {
  const what = rounds === '' ? 'the run itself' : `'${plain(rounds)}'`;
  return attempt === undefined ? what : `${what}, attempt ${attempt}`;
}

const valueText = (value: Json | undefined, width: number): string =>
  value === undefined ? '(nothing)' : briefJson(value, width);

function differenceLines(screen: Screen, { differences }: RunDiff, width: number): readonly string[] {
  const told = differences.slice(0, TOLD);
  const lines = told.flatMap((one) => linesOf(screen, one, width));
  return [...lines, ...moreOf(differences.length - told.length)];
}

function linesOf(screen: Screen, { rounds, attempt, what, ...sides }: Difference, width: number): readonly string[] {
  const head = plain(`${rounds === '' ? '(the run)' : rounds}${attempt === undefined ? '' : `, attempt ${attempt}`}`);
  if (what === 'attempt') return [clip(`  ${head}: only in ${sides.a === undefined ? 'B' : 'A'}`, width)];
  const place = whereDiffers(sides.a?.value, sides.b?.value);
  return [
    clip(`  ${head}: ${what}${plain(place.path)}`, width),
    `    ${screen.style('dim', 'A')} ${valueText(place.a, width - 6)}`,
    `    ${screen.style('dim', 'B')} ${valueText(place.b, width - 6)}`,
  ];
}

function onlyLines(tasks: readonly DiffTask[], width: number): readonly string[] {
  const told = tasks.slice(0, TOLD).map(({ rounds, status, attempts }) => {
    const tries = attempts > 1 ? `, ${count(attempts, 'attempt')}` : '';
    return clip(`  ${plain(rounds === '' ? '(the run)' : rounds)}  ${status ?? 'not ended'}${tries}`, width);
  });
  return [...told, ...moreOf(tasks.length - told.length)];
}

const moreOf = (left: number): readonly string[] => (left > 0 ? [`  and ${number(left)} more; --json has all`] : []);

const RIGHT = { align: 'right' } as const;

function costLines(screen: Screen, { a, b }: RunDiff): readonly string[] {
  const isTaken = a.taken !== undefined || b.taken !== undefined;
  const rows = (
    [
      ['Attempts', 'attempts'],
      ['Retries', 'retries'],
      ['Failures', 'failures'],
      ['Workers lost', 'lost'],
      ['In agents', 'agentMs'],
      ['Wall time', 'wallMs'],
      ['Events', 'events'],
    ] as const
  ).map(([title, key]) => {
    const text = (value: number | undefined): string =>
      value === undefined ? '' : key.endsWith('Ms') ? formatDuration(value) : number(value);
    const own = [title, text(a.cost[key]), text(b.cost[key])];
    return isTaken ? [...own, text((a.taken ?? b.taken)?.[key]), ...bothTaken(a, b, key, text)] : own;
  });
  const taken = a.taken !== undefined && b.taken !== undefined ? ['A took over', 'B took over'] : ['Taken over'];
  const columns = [{ title: 'Cost' }, { title: 'A', ...RIGHT }, { title: 'B', ...RIGHT }];
  const more = isTaken ? taken.map((title) => ({ title, ...RIGHT })) : [];
  return table(screen, [...columns, ...more], rows);
}

const bothTaken = (
  a: DiffSide,
  b: DiffSide,
  key: keyof DiffSide['cost'],
  text: (value: number | undefined) => string,
): readonly string[] => (a.taken === undefined || b.taken === undefined ? [] : [text(b.taken[key])]);

/** Tasks that took another number of attempts, or the most time. */
function taskLines(screen: Screen, { tasks, workflow }: RunDiff): readonly string[] {
  if (workflow === 'other') return [];
  const byTime = tasks.toSorted((one, other) => most(other) - most(one)).slice(0, TOLD);
  if (byTime.length === 0) return [];
  const rows = byTime.map(({ task, a, b }) => [
    task,
    tries(a),
    tries(b),
    formatDuration(a.agentMs),
    formatDuration(b.agentMs),
  ]);
  const columns = [
    { title: 'Task', flexible: true },
    { title: 'Attempts A', ...RIGHT },
    { title: 'B', ...RIGHT },
    { title: 'In agents A', ...RIGHT },
    { title: 'B', ...RIGHT },
  ];
  return ['', ...table(screen, columns, rows), ...moreOf(tasks.length - byTime.length)];
}

const most = ({ a, b }: RunDiff['tasks'][number]): number => Math.max(a.agentMs, b.agentMs);

const tries = ({ attempts, failures }: RunDiff['tasks'][number]['a']): string =>
  failures === 0 ? number(attempts) : `${number(attempts)} (${number(failures)} failed)`;
