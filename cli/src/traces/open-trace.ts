import { runStream } from '@reprise/core';
import { usageError } from '../errors/usage-error.ts';
import { commandText } from '../output/command-text.ts';
import { openBrowser } from '../output/open-browser.ts';
import type { Terminal } from '../output/terminal.ts';
import { plain } from '../output/text.ts';
import type { Whereabouts } from '../store/locate-store.ts';
import { resolveRun } from '../store/resolve-run.ts';
import { withReader } from '../store/with-reader.ts';
import { traceOf } from './run-trace.ts';

export interface TraceOpenFlags extends Whereabouts {
  readonly url: string;
  readonly print?: boolean | undefined;
}

const PLACE = '{traceId}';

/** Prints where the trace of a run is shown; where a person looks, opens it, too. */
export async function openTrace(typed: string, flags: TraceOpenFlags, { out, err, json }: Terminal): Promise<void> {
  const template = templateOf(flags.url);
  await withReader(flags, async ({ reader, storage }) => {
    const runId = await resolveRun(storage, reader, typed);
    const [first] = await storage.events.read(runStream(runId), { limit: 1 });
    const traceId = first === undefined ? '' : traceOf(runId, first);
    const url = template.replaceAll(PLACE, traceId);
    if (json) return out.json({ runId, traceId, url });
    await out.line(url);
    if (!out.isTTY || flags.print === true) return;
    openBrowser(url);
    await err.line(err.style('dim', `Nothing there? ${plain(commandText(`trace export ${runId}`, flags))}`));
  });
}

/** Throws REPRISE_USAGE for what is no address of a page. */
function templateOf(url: string): string {
  const template = url.includes(PLACE) ? url : `${url.replace(/\/+$/, '')}/trace/${PLACE}`;
  const example = template.replaceAll(PLACE, 'a');
  if (URL.canParse(example) && /^https?:$/.test(new URL(example).protocol)) return template;
  throw usageError(`--url ${url} is no address that begins with http:// or https://.`, {
    fix: `Name where Jaeger is (http://127.0.0.1:16686), or an address with ${PLACE} in it.`,
  });
}
