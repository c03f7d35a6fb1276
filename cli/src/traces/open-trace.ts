import { runStream } from '@reprise/core';
import { commandText } from '../output/command-text.ts';
import { openBrowser } from '../output/open-browser.ts';
import type { Terminal } from '../output/terminal.ts';
import { plain } from '../output/text.ts';
import type { Whereabouts } from '../store/locate-store.ts';
import { resolveRun } from '../store/resolve-run.ts';
import { withReader } from '../store/with-reader.ts';
import { traceOf } from './run-trace.ts';
import { traceUrls } from './trace-url.ts';

export interface TraceOpenFlags extends Whereabouts {
  readonly url: string;
  readonly print?: boolean | undefined;
}

/** Prints where the trace of a run is shown; where a person looks, opens it, too. */
export async function openTrace(typed: string, flags: TraceOpenFlags, { out, err, json }: Terminal): Promise<void> {
  const urlOf = traceUrls(flags.url, '--url');
  await withReader(flags, async ({ reader, storage }) => {
    const runId = await resolveRun(storage, reader, typed);
    const [first] = await storage.events.read(runStream(runId), { limit: 1 });
    const traceId = first === undefined ? '' : traceOf(runId, first);
    const url = urlOf(traceId);
    if (json) return out.json({ runId, traceId, url });
    await out.line(url);
    if (!out.isTTY || flags.print === true) return;
    openBrowser(url);
    await err.line(err.style('dim', `Nothing there? ${plain(commandText(`trace export ${runId}`, flags))}`));
  });
}
