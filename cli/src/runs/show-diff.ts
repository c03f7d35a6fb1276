import type { DiffSide, RunDiff } from '@reprise/core';
import type { Terminal } from '../output/terminal.ts';
import type { Whereabouts } from '../store/locate-store.ts';
import { resolveRun } from '../store/resolve-run.ts';
import { withReader } from '../store/with-reader.ts';
import { diffLines } from './diff-lines.ts';

/** Prints what two runs have in common, and in what they differ. */
export async function showDiff(a: string, b: string, where: Whereabouts, { out, json }: Terminal): Promise<void> {
  await withReader(where, async ({ reader, storage }) => {
    const diff = await reader.diff(await resolveRun(storage, reader, a), await resolveRun(storage, reader, b));
    if (json) return out.json(diffShape(diff));
    for (const line of diffLines(out, diff)) await out.line(line);
  });
}

/** What `--json` prints: see docs/reference/cli.md. */
function diffShape({ a, b, parting, differences, onlyA, onlyB, ...rest }: RunDiff): object {
  return {
    ...rest,
    a: sideShape(a),
    b: sideShape(b),
    parting: parting === undefined ? null : { a: partShape(parting.a), b: partShape(parting.b) },
    differences: differences.map((one) => ({ ...partShape(one), a: one.a ?? null, b: one.b ?? null })),
    onlyA: onlyA.map(taskShape),
    onlyB: onlyB.map(taskShape),
  };
}

const sideShape = ({ lineage, taken, ...rest }: DiffSide): object => ({
  ...rest,
  lineage: lineage ?? null,
  taken: taken ?? null,
});

const partShape = <Part extends { readonly attempt: number | undefined }>(part: Part | undefined): object | null =>
  part === undefined ? null : { ...part, attempt: part.attempt ?? null };

const taskShape = (task: RunDiff['onlyA'][number]): object => ({ ...task, status: task.status ?? null });
