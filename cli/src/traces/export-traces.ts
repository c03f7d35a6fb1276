import type { EventStore } from '@reprise/core';
import type { Span, SpansOptions } from '@reprise/monitor-opentelemetry';
import { EXIT } from '../errors/exit-codes.ts';
import { usageError } from '../errors/usage-error.ts';
import { closeFile, openFile, writeTo } from '../output/output-file.ts';
import type { Terminal } from '../output/terminal.ts';
import { count, number, plain } from '../output/text.ts';
import type { Whereabouts } from '../store/locate-store.ts';
import { withReader } from '../store/with-reader.ts';
import { observedHistory, traceInfo } from './run-trace.ts';
import { telemetryOptions } from './telemetry-options.ts';
import { type Wanted, whichRuns } from './which-runs.ts';

export interface TraceExportFlags extends Whereabouts, Wanted {
  readonly to?: string | undefined;
  readonly endpoint?: string | undefined;
  readonly output?: string | undefined;
  readonly texts?: boolean | undefined;
  readonly children?: boolean | undefined;
}

/** A run whose spans were made again. */
interface Exported {
  readonly runId: string;
  readonly traceId: string;
  readonly hasEnded: boolean;
  spans: number;
}

/** How often it is told how far it is, in spans. */
const TOLD_EVERY = 20_000;

/**
 * Makes the spans of runs again from their histories, and sends or writes them. Returns the exit code. Throws REPRISE_TELEMETRY_LOST when the receiver does
 * not take them.
 */
export async function exportTraces(flags: TraceExportFlags, terminal: Terminal): Promise<number> {
  const { out, err, json } = terminal;
  const to = destinationOf(flags, json);
  return withReader(flags, async (open) => {
    const runIds = whichRuns(flags, open);
    const { exportSpans, otlpJson, resolveOptions } = await import('@reprise/monitor-opentelemetry');
    const { endpoint, texts } = flags;
    const options = resolveOptions({
      ...(await telemetryOptions(flags, process.cwd())),
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(texts === undefined ? {} : { texts }),
    });
    const exported: Exported[] = [];
    const spans = told(
      spansOfRuns(open.storage.events, runIds, { ...options, children: flags.children !== false }, exported),
      terminal,
    );
    if (to === 'otlp') await exportSpans(spans, options);
    else await write(otlpJson(spans, options), flags.output, terminal);
    if (out.broken) return EXIT.ok;
    const where = to === 'otlp' ? options.endpoint : (flags.output ?? '-');
    await sayWhat(exported, { to, where }, terminal);
    if (exported.length === 0) await err.line('No run fits.');
    return EXIT.ok;
  });
}

/** Throws REPRISE_USAGE for flags that do not go together. */
function destinationOf({ to, endpoint, output }: TraceExportFlags, json: boolean): 'otlp' | 'file' {
  const where = to ?? (output === undefined ? 'otlp' : 'file');
  if (where === 'otlp' && output !== undefined)
    throw usageError('--output is for --to file, which it means by itself.');
  if (where === 'file' && endpoint !== undefined) throw usageError('--endpoint is for --to otlp: a file goes nowhere.');
  if (where === 'file' && json && (output ?? '-') === '-')
    throw usageError('Spans on stdout are JSON already: for a summary as JSON beside them, name a file by --output.');
  if (endpoint !== undefined && !(URL.canParse(endpoint) && /^https?:$/.test(new URL(endpoint).protocol)))
    throw usageError(`--endpoint ${endpoint} is no URL that begins with http:// or https://.`);
  return where === 'file' ? 'file' : 'otlp';
}

/** `exported` is added to. */
async function* spansOfRuns(
  store: EventStore,
  runIds: AsyncIterable<string>,
  options: SpansOptions & { readonly children: boolean },
  exported: Exported[],
): AsyncGenerator<Span> {
  const { spansOf } = await import('@reprise/monitor-opentelemetry');
  const seen = new Set<string>();
  for await (const wanted of runIds) {
    const queue = [wanted];
    for (let runId = queue.shift(); runId !== undefined; runId = queue.shift()) {
      if (seen.has(runId)) continue;
      seen.add(runId);
      const { traceId, hasEnded, children, known } = await traceInfo(store, runId);
      // A child run that has not begun.
      if (traceId === '') continue;
      const one: Exported = { runId, traceId, hasEnded, spans: 0 };
      exported.push(one);
      for await (const span of spansOf(observedHistory(store, runId), { ...options, known })) {
        one.spans += 1;
        yield span;
      }
      if (options.children) queue.push(...children);
    }
  }
}

/** The same spans; says from time to time how many there were. */
async function* told(spans: AsyncIterable<Span>, { err }: Terminal): AsyncGenerator<Span> {
  let made = 0;
  for await (const span of spans) {
    yield span;
    made += 1;
    if (made % TOLD_EVERY === 0) await err.line(err.style('dim', `${number(made)} spans`));
  }
}

async function write(lines: AsyncIterable<string>, output: string | undefined, { out }: Terminal): Promise<void> {
  if (output === undefined || output === '-') {
    for await (const line of lines) {
      await out.json(JSON.parse(line));
      if (out.broken) return;
    }
    return;
  }
  const file = await openFile(output);
  try {
    for await (const line of lines) await writeTo(file, line);
  } finally {
    await closeFile(file);
  }
}

async function sayWhat(
  exported: readonly Exported[],
  { to, where }: { readonly to: 'otlp' | 'file'; readonly where: string },
  { out, err, json }: Terminal,
): Promise<void> {
  const spans = exported.reduce((sum, one) => sum + one.spans, 0);
  const open = exported.filter(({ hasEnded }) => !hasEnded);
  if (json) await out.json({ to, where, spans, runs: exported });
  if (exported.length === 0) return;
  const did = to === 'otlp' ? 'Sent' : 'Wrote';
  await err.line(
    `${did} ${count(spans, 'span')} of ${count(exported.length, 'run')} to ${plain(where === '-' ? 'stdout' : where)}.`,
  );
  if (open.length > 0)
    await err.line(
      err.style(
        'dim',
        `Not ended yet: ${plain(
          open
            .slice(0, 3)
            .map(({ runId }) => runId)
            .join(', '),
        )}${open.length > 3 ? ` and ${number(open.length - 3)} more` : ''}. What goes on has no span yet.`,
      ),
    );
}
