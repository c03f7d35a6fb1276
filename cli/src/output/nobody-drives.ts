import type { Whereabouts } from '../store/locate-store.ts';
import { commandText } from './command-text.ts';
import type { Screen } from './terminal.ts';

/** Says how a run that was told something goes on, when it is known that no process drives the store. */
export async function sayNobodyDrives(driven: boolean | undefined, where: Whereabouts, err: Screen): Promise<void> {
  if (driven !== false) return;
  await err.line(
    `No process drives the runs of this store now; to have it go on: ${commandText('worker start', where)}`,
  );
}
