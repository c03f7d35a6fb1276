import { formatDuration } from '@reprise/core';
import type { SimFailure, SimFault, SimReport } from '@reprise/core/testing';
import type { Screen } from '../output/terminal.ts';
import { count, number, plain } from '../output/text.ts';

const WORDS: Readonly<Record<SimFault['kind'], string>> = {
  fail: 'the attempt fails, and may be tried again',
  slow: 'the attempt takes longer',
  hang: 'the attempt never ends',
  drop: 'is lost on its way, and comes again',
  delay: 'comes later, and what is behind it, too',
  duplicate: 'comes twice',
  reorder: 'comes later than what was sent after it',
  unavailable: 'the store is not there',
  unknown: 'it is stored, and the answer is lost',
  crash: 'the process is killed',
  silence: 'nobody answers',
};

/** A fault in words. */
export function faultText({ kind, at, nth, ms, when }: SimFault): string {
  const how = when === undefined ? '' : ` just ${when} it`;
  const long = ms === undefined ? '' : `, ${kind === 'slow' ? 'by' : 'within'} ${formatDuration(ms)}`;
  return `${kind} at ${plain(at)} (number ${number(nth)}): ${WORDS[kind]}${how}${long}`;
}

/** What came of the runs, for people. */
export function* reportLines(
  screen: Screen,
  name: string,
  { runs, ends, faults, cast, calm }: SimReport,
): Generator<string> {
  const ended = Object.entries(ends).map(([end, times]) => `${number(times)} ${plain(end)}`);
  const befell = Object.entries(faults).map(([kind, times]) => `${number(times)} ${kind}`);
  yield `${plain(name)}: ${count(runs, 'run')}: ${ended.join(', ') || 'none'}`;
  yield screen.style('dim', `faults: ${befell.join(', ') || 'none'}`);
  if (calm !== '' && calm !== 'completed' && calm !== 'open')
    yield `${screen.style('yellow', '!')} Without any fault it ends ${plain(calm)}: with these inputs and agents little else is tried.`;
  const mute = Object.entries(cast).flatMap(([agent, by]) => (by === 'nothing' ? agent : []));
  if (mute.length > 0)
    yield `${screen.style('yellow', '!')} No output schema, so they gave null: ${plain(mute.join(', '))}. Say what they give with --agents FILE, or have the project's own called with --agents project.`;
}

export function* failureLines(screen: Screen, { broken, run, faultsBefore }: SimFailure): Generator<string> {
  const less = faultsBefore === run.faults.length ? '' : ` of ${number(faultsBefore)}`;
  yield `${screen.style('red', '✖')} ${screen.style('bold', plain(broken.invariant))}: ${plain(broken.detail)}`;
  yield `  seed ${run.seed}, input ${plain(JSON.stringify(run.input))}, ${number(run.faults.length)}${less} ${faultsBefore === 1 ? 'fault' : 'faults'}:`;
  for (const fault of run.faults) yield `    ${faultText(fault)}`;
}
