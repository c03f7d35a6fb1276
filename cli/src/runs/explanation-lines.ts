import type { Explanation, RunExplanation } from '@reprise/core';
import { commandText } from '../output/command-text.ts';
import { placeText } from '../output/message-places.ts';
import type { Screen } from '../output/terminal.ts';
import { clipStyled, count, localTime, number, pad, plain, widthOf } from '../output/text.ts';
import type { Whereabouts } from '../store/locate-store.ts';

const MOST_ID = 40;

/** A line for each explanation: the task, and what it waits for. At most `most`; of a run with more it says how to see them. */
export function explanationLines(
  screen: Screen,
  explanations: readonly Explanation[],
  most: number,
  runId: string,
  where: Whereabouts,
): readonly string[] {
  const told = explanations.slice(0, most);
  const names = told.map(({ taskId, count: tasks }) =>
    plain(tasks > 1 ? `${taskId} (and ${tasks - 1} like it)` : taskId),
  );
  const width = Math.min(MOST_ID, Math.max(0, ...names.map(widthOf)));
  const lines = told.map(({ waits }, index) => {
    const line = `  ${pad(names[index] ?? '', width)}  ${plain(waits)}`;
    return screen.isTTY ? clipStyled(line, screen.columns) : line;
  });
  const left = explanations.length - told.length;
  if (left > 0)
    lines.push(screen.style('dim', `  and ${number(left)} more: ${commandText(`run explain ${runId} --json`, where)}`));
  return lines;
}

/** A head and a line for each mailbox of others that has yet to take messages, before the run ends; none when there is nothing to hand over. */
export function handOverLines(
  screen: Screen,
  handOver: RunExplanation['handOver'],
  most: number,
  runId: string,
  where: Whereabouts,
): readonly string[] {
  if (handOver === undefined) return [];
  const { to, until } = handOver;
  const lines = to
    .slice(0, most)
    .map(({ run, mailbox, messages }) => `  ${count(messages, 'message')} to ${plain(placeText(mailbox, run))}`);
  const left = to.length - lines.length;
  if (left > 0)
    lines.push(screen.style('dim', `  and ${number(left)} more: ${commandText(`run explain ${runId} --json`, where)}`));
  return [screen.style('dim', `On their way to others; the run ends without them at ${localTime(until)}`), ...lines];
}
