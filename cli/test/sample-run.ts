import { cel, createReprise, defineAgent, type HistoryEntry, type RunReader, workflow } from '@reprise/core';
import { RunProgress } from '../src/output/run-progress.ts';

const doubler = defineAgent({
  name: 'doubler',
  handle: ({ input, attempt }: { readonly input: number; readonly attempt: number }) => {
    if (input === 3 && attempt === 1) throw new Error('no \u001b[31mluck\nyet');
    return input * 2;
  },
});
const adder = defineAgent({
  name: 'adder',
  handle: ({ input }: { readonly input: readonly number[] }) => ({ sum: input.reduce((sum, one) => sum + one, 0) }),
});

const sample = workflow<{ readonly numbers: readonly number[] }>('sample', { version: '1' })
  .task('double', doubler, {
    forEach: ({ input }) => input.numbers,
    retry: { maxAttempts: 2, initialDelay: 1, jitter: 0 },
  })
  .task('add', adder, { after: 'double', input: ({ outputs }) => outputs.double })
  .task('bonus', adder, { after: 'double', when: cel('false'), input: ({ outputs }) => outputs.double })
  .build();

/** The history of a run with items, a retry and a skipped task. `look` may use the reader while the store is open. */
export async function sampleRun(
  count = 5,
  look: (reader: RunReader) => Promise<void> = async () => undefined,
): Promise<readonly HistoryEntry[]> {
  const reprise = await createReprise({ workflows: [sample] });
  await reprise.start();
  const run = await reprise.startRun(
    sample,
    { numbers: Array.from({ length: count }, (_, index) => index) },
    { id: 'sample-1' },
  );
  await run.outcome();
  const entries = await Array.fromAsync(reprise.runs.history(run.id));
  await look(reprise.runs);
  await reprise.stop();
  return entries;
}

/** Folds a history as commands do. */
export function progressOf(entries: readonly HistoryEntry[]): RunProgress {
  const progress = new RunProgress();
  for (const { event } of entries) progress.fold(event);
  return progress;
}

/** The same history as it would look had each event come `ms` after the one before. */
export const paced = (entries: readonly HistoryEntry[], ms: number): readonly HistoryEntry[] =>
  entries.map((entry, index) => ({ ...entry, event: { ...entry.event, at: 1_700_000_000_000 + index * ms } }));
