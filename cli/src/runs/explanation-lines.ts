import type { Explanation } from '@reprise/core';
import { commandText } from '../output/command-text.ts';
import type { Screen } from '../output/terminal.ts';
import { clipStyled, number, pad, plain, widthOf } from '../output/text.ts';
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
