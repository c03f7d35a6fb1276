import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { EXIT } from '../../errors/exit-codes.ts';
import type { Terminal } from '../../output/terminal.ts';
import { count, plain } from '../../output/text.ts';
import { fileExists } from '../../projects/write-files.ts';
import type { Whereabouts } from '../locate-store.ts';
import { withReader } from '../with-reader.ts';
import { bytesText } from './bytes-text.ts';
import { ability } from './can-do.ts';
import { verifiedShape, verifyFile } from './verify-file.ts';

/** Copies the store to a new file, and verifies what is there. Returns the exit code. */
export async function backupStore(file: string, where: Whereabouts, terminal: Terminal): Promise<number> {
  const { out, err, json } = terminal;
  const to = resolve(file);
  if (existsSync(to)) throw fileExists(to, '');
  const from = await withReader(where, async ({ storage, access }) => {
    await ability(storage, 'backup', access)(to);
    return access.where;
  });
  const { size } = await stat(to);
  const verified = await verifyFile(to, terminal);
  const { runs, events, differences } = verified;
  if (json) await out.json({ store: from, file: to, bytes: size, ...verifiedShape(verified) });
  else
    await out.line(
      `${plain(to)}: ${count(runs, 'run')}, ${count(events, 'event')}, ${bytesText(size)}${differences.length === 0 ? '; verified' : ''}.`,
    );
  if (differences.length === 0) return EXIT.ok;
  for (const { runId, detail } of differences.slice(0, 10))
    await err.line(err.style('red', plain(`${runId === undefined ? '' : `run ${runId}: `}${detail}`)));
  await err.line('The file is there, and as the store is: what differs in it differs there, too.');
  return EXIT.failed;
}
