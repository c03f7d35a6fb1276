import type { RunProgress } from '../output/run-progress.ts';
import { statusText } from '../output/status.ts';
import { table } from '../output/table.ts';
import { itemsText, tookText, waitText } from '../output/task-line.ts';
import type { Screen } from '../output/terminal.ts';
import { clip, plain } from '../output/text.ts';

/** Lines about every task of a run, as of its last event. */
export function taskTable(screen: Screen, progress: RunProgress): readonly string[] {
  const { state } = progress;
  const columns = [
    { title: 'TASK' },
    { title: 'STATUS' },
    { title: 'AGENT', flexible: true },
    { title: 'ROUND', align: 'right' },
    { title: 'ATTEMPTS', align: 'right' },
    { title: 'TOOK', align: 'right' },
    { title: 'DETAILS', flexible: true },
  ] as const;
  const rows = progress
    .rows()
    .map((row) => [
      row.name,
      statusText(screen, row.status),
      row.agent ?? '',
      String(row.round),
      row.failedAttempts === 0 ? String(row.attempts) : `${row.attempts} (${row.failedAttempts} failed)`,
      tookText(row, state.endedAt ?? state.updatedAt),
      [
        itemsText(row),
        waitText(row),
        row.error === undefined ? '' : plain(`${row.error.code}: ${clip(row.error.message, 160)}`),
      ]
        .filter((part) => part !== '')
        .join(', '),
    ]);
  return table(screen, columns, rows);
}
