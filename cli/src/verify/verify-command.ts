import { parseQuery, RepriseError, type StoreFinding, systemClock, visibleText } from '@reprise/core';
import { EXIT } from '../errors/exit-codes.ts';
import type { Screen, Terminal } from '../output/terminal.ts';
import { count, isoTime, number, plain } from '../output/text.ts';
import type { Whereabouts } from '../store/locate-store.ts';
import { openRunReader } from '../store/open-run-reader.ts';
import { noRunsYet } from '../store/with-reader.ts';
import { withViews } from '../views/open-views.ts';
import { type RunsVerified, verifyRuns } from './verify-runs.ts';
import { type ViewVerified, verifyView } from './verify-views.ts';

export interface VerifyFlags extends Whereabouts {
  readonly query?: string | undefined;
  readonly 'skip-views'?: boolean | undefined;
}

/** How often it is said how far it is, in ms. */
const PROGRESS_MS = 1000;
/** Differences that are told one by one; all of them are in the JSON. */
const TOLD = 20;

/** Checks that what is kept is what happened. Returns the exit code: 1 when anything differs. */
export async function verify(flags: VerifyFlags, terminal: Terminal): Promise<number> {
  const { out, err, json } = terminal;
  const where = flags.query === undefined ? undefined : parseQuery(flags.query, { now: systemClock.now() });
  return withViews(flags, terminal, async ({ storage, store, views, access }) => {
    if (access.exists === false) throw noRunsYet(access);
    let said = systemClock.now();
    const tell = (text: string): void => {
      if (json || systemClock.now() - said < PROGRESS_MS) return;
      said = systemClock.now();
      void err.note(err.style('dim', text));
    };
    const findings = where === undefined ? ((await storage.inspect?.()) ?? []) : [];
    const { reader, close } = openRunReader(storage, access);
    const runs = await verifyRuns({
      store: storage.events,
      reader,
      where,
      onProgress: ({ runs: done, events }) => tell(`${count(done, 'run')}, ${count(events, 'event')} so far`),
    }).finally(close);
    if (flags.query !== undefined && runs.runs === 0)
      throw new RepriseError('REPRISE_RUN_NOT_FOUND', `No run fits ${visibleText(flags.query)}: nothing was checked.`);
    const verified: ViewVerified[] = [];
    // Views are of all runs: a part of them says nothing about a view.
    const withViewsToo = where === undefined && flags['skip-views'] !== true && runs.readable;
    for (const projection of withViewsToo ? views.projections : []) {
      tell(`view ${projection.name}`);
      verified.push(await verifyView(storage.events, store, projection));
    }
    const isSame =
      runs.differences.length === 0 &&
      findings.every(({ status }) => status !== 'fail') &&
      verified.every(({ status }) => status === 'same' || status === 'not-built');
    if (json) await out.json(shapeOf(access.where, isSame, findings, runs, verified));
    else for (const line of linesOf(out, access.where, findings, runs, verified)) await out.line(line);
    return isSame ? EXIT.ok : EXIT.failed;
  });
}

const shapeOf = (
  store: string,
  same: boolean,
  findings: readonly StoreFinding[],
  { differences, lastDeleted, ...runs }: RunsVerified,
  views: readonly ViewVerified[],
): object => ({
  store,
  same,
  findings: findings.map(({ fix, ...finding }) => ({ ...finding, fix: fix ?? null })),
  runs: {
    ...runs,
    lastDeleted:
      lastDeleted === undefined
        ? null
        : {
            ...lastDeleted,
            at: isoTime(lastDeleted.at),
            by: lastDeleted.by ?? null,
            reason: lastDeleted.reason ?? null,
          },
    differences: differences.map(({ runId, revision, detail }) => ({
      runId: runId ?? null,
      revision: revision ?? null,
      detail,
    })),
  },
  views: views.map(({ error, ...view }) => ({ ...view, error: error ?? null })),
});

function* linesOf(
  screen: Screen,
  store: string,
  findings: readonly StoreFinding[],
  { runs, events, ended, open, readable, deleted, lastDeleted, differences }: RunsVerified,
  views: readonly ViewVerified[],
): Generator<string> {
  const good = screen.style('green', '✔');
  const bad = screen.style('red', '✖');
  yield plain(store);
  for (const { name, status, detail } of findings)
    if (status !== 'ok')
      yield `${status === 'fail' ? bad : screen.style('yellow', '!')} ${plain(`${name}: ${detail}`)}`;
  yield `${differences.length === 0 ? good : bad} ${count(runs, 'run')}, ${count(events, 'event')}: ${number(ended)} ended as is on record, ${number(open)} open`;
  if (lastDeleted !== undefined) {
    const { runId, at, by, reason } = lastDeleted;
    const who = by === undefined ? '' : ` by ${plain(by)}`;
    const why = reason === undefined ? '' : ` (${plain(reason)})`;
    yield `  ${count(deleted, 'run')} deleted on record, the last ${plain(runId)} at ${isoTime(at)}${who}${why}`;
  }
  for (const { runId, revision, detail } of differences.slice(0, TOLD)) {
    const at = revision === undefined ? '' : `, event ${revision}`;
    yield `${bad} ${runId === undefined ? '' : `run ${plain(runId)}${at}: `}${plain(detail)}`;
  }
  if (!readable) yield `${bad} views cannot be verified while there are events that cannot be read`;
  if (differences.length > TOLD) yield `  and ${number(differences.length - TOLD)} more; --json has all`;
  if (views.length === 0) return;
  const same = views.filter(({ status }) => status === 'same');
  const unbuilt = views.filter(({ status }) => status === 'not-built').length;
  const rows = same.reduce((sum, view) => sum + view.rows, 0);
  yield `${same.length + unbuilt === views.length ? good : bad} ${count(same.length, 'view')} as the events have them (${count(rows, 'row')})${unbuilt === 0 ? '' : `, ${number(unbuilt)} not built`}`;
  for (const { view, status, differ, examples, error } of views) {
    if (status === 'failed') yield `${bad} view ${plain(view)}: ${plain(`${error?.code}: ${error?.message}`)}`;
    if (status !== 'differs') continue;
    yield `${bad} view ${plain(view)}: ${count(differ, 'row')} ${differ === 1 ? 'differs' : 'differ'}. To build it anew: reprise views rebuild ${plain(view)}`;
    for (const { key, detail } of examples) yield `    ${plain(key)}: ${plain(detail)}`;
  }
}
