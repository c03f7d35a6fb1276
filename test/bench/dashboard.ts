import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { type AnyWorkflow, defineAgent, type Json, workflow } from '@reprise/core';
import type { Browser, Page } from 'playwright-core';
import type { GraphEdge, GraphNode } from '../../plugins/monitor-dashboard/ui/pure/graph.ts';
import { layout } from '../../plugins/monitor-dashboard/ui/pure/layout.ts';
import { launch } from '../browser/chromium.ts';
import { servingDashboard } from '../browser/serving.ts';
import { layeredGraph } from './graphs.ts';
import { appendAtRate, eventToScreen } from './live-events.ts';
import { writeHistory } from './long-run.ts';
import { inFolder, openReprise, percentile } from './setup.ts';

// `npm run bench:dashboard`: a run of 10,000 tasks, one of 1,000,000 events, and one that gets 2,000 events a second, in the Chromium of this machine. Times are told and judged by nobody;
// sizes, counts and heap fail it when they are over their budget.

const HELP = `Usage: npm run bench:dashboard -- [--quick] [--only live|runs]

Measures the dashboard in the Chromium of this machine. Fails when a size, a count or the heap is over its budget; times are told.

  --quick      100,000 events instead of 1,000,000
  --only WHAT  live: 2,000 events a second; runs: runs of 10,000 tasks and of 1,000,000 events
`;

function options(): { readonly quick: boolean; readonly only: string | undefined } {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    process.exit(0);
  }
  if (values.only !== undefined && values.only !== 'live' && values.only !== 'runs')
    throw new Error(`--only is live or runs, not '${values.only}'.`);
  return { quick: values.quick, only: values.only };
}

const values = options();
const EVENTS = values.quick ? 100_000 : 1_000_000;
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PAGE = join(ROOT, 'plugins', 'monitor-dashboard', 'page');

let failed = 0;

function report(what: string, value: number, unit: string, budget: string, most?: number): void {
  const isOver = most !== undefined && value > most;
  if (isOver) failed += 1;
  const digits = Number.isInteger(value) ? 0 : value < 10 ? 2 : 0;
  console.log(
    `${what.padEnd(52)} ${value.toFixed(digits).padStart(10)} ${unit.padEnd(6)} ${budget}${isOver ? '  OVER' : ''}`,
  );
}

function reportSize(): void {
  const files = readdirSync(PAGE, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /\.(js|css|html|svg)$/.test(file),
  );
  const bytes = files.reduce((sum, file) => sum + gzipSync(readFileSync(join(PAGE, file))).length, 0);
  report('the page, gzip', bytes / 1024, 'KB', '≤ 150', 150);
}

/** 100 layers of 100 tasks that all differ, so that none are folded. */
function reportLayout(): void {
  const node = (id: string): GraphNode => ({ id, block: '', frame: false, look: 'completed', work: id });
  const ids = Array.from({ length: 10_000 }, (_, at) => `t${at}`);
  const edges = ids.slice(100).flatMap((to, at): GraphEdge[] =>
    [at, Math.floor(at / 100) * 100 + ((at * 37) % 100)].map((from) => ({
      from: `t${from}`,
      to,
      kind: 'after',
      label: '',
    })),
  );
  const begun = performance.now();
  const { boxes } = layout({ nodes: ids.map(node), edges });
  report('layout of 10,000 tasks that all differ', performance.now() - begun, 'ms', '1,500, off the main thread');
  if (boxes.size !== 10_000) failed += 1;
}

async function writeRuns(path: string): Promise<void> {
  const step = defineAgent({ name: 'step', handle: ({ input }: { readonly input: Json }) => input });
  const graph = layeredGraph(100, 100);
  const reprise = await openReprise(path, [graph], [step]);
  await reprise.start();
  await (await reprise.startRun(graph.definition.name, null, { id: 'graph' })).outcome();
  await reprise.stop();
  const spin = defineAgent({ name: 'spin', handle: ({ input }: { readonly input: unknown }) => input });
  const long = workflow('long', { version: '1' })
    .task('spin', spin, { input: () => null, repeat: { from: 'spin', until: () => false, max: EVENTS } })
    .build() as AnyWorkflow;
  await writeHistory(path, long, EVENTS);
}

/** The server, as a user starts it; `use` gets the link. */
const serving = (path: string, use: (link: string) => Promise<void>): Promise<void> =>
  servingDashboard({ store: path, cwd: ROOT }, use);

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

const evaluated = (page: Page, text: string): Promise<number> => page.evaluate(text) as Promise<number>;

async function measure(page: Page, link: string): Promise<void> {
  const { origin } = new URL(link);
  await page.goto(link);
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  const built = `(async () => { for (;;) { const { views } = await (await fetch('/api/v1/about')).json(); if (views.every((one) => one.caughtUp)) return; await new Promise((done) => setTimeout(done, 500)); } })()`;
  report(
    `views of ${EVENTS.toLocaleString('en')} events built from nothing`,
    (await timed(() => page.evaluate(built))) / 1000,
    's',
    '',
  );

  const shown = await timed(async () => {
    await page.goto(`${origin}/runs/graph`);
    await page.locator('canvas[data-nodes]').waitFor();
  });
  report(
    '10,000 tasks: first paint',
    await evaluated(page, `performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0`),
    'ms',
    '1,000',
  );
  report('10,000 tasks: the graph is there', shown, 'ms', '');
  const canvas = page.locator('canvas');
  report('  nodes drawn (100 layers, each folded)', Number(await canvas.getAttribute('data-nodes')), '', '≤ 200', 200);
  report('  layout in the worker', Number(await canvas.getAttribute('data-ms')), 'ms', '1,500');
  await page.evaluate(
    `globalThis.long = 0; new PerformanceObserver((list) => { for (const one of list.getEntries()) globalThis.long = Math.max(globalThis.long, one.duration); }).observe({ type: 'longtask' }); globalThis.frames = 0; (function count() { globalThis.frames += 1; requestAnimationFrame(count); })();`,
  );
  const [begun, before] = [performance.now(), await evaluated(page, 'globalThis.frames')];
  await page.mouse.move(400, 400);
  await page.mouse.down();
  for (let at = 0; at < 120; at += 1) await page.mouse.move(400 + Math.sin(at / 6) * 200, 400 + at, { steps: 1 });
  await page.mouse.up();
  const seconds = (performance.now() - begun) / 1000;
  report('  frames while it is dragged', ((await evaluated(page, 'globalThis.frames')) - before) / seconds, '/s', '50');
  report('  longest task meanwhile', await evaluated(page, 'globalThis.long'), 'ms', '50');

  report(
    `${EVENTS.toLocaleString('en')} events: history is there`,
    await timed(async () => {
      await page.goto(`${origin}/runs/long?tab=history`);
      await page.locator('.history li .type').first().waitFor({ timeout: 120_000 });
    }),
    'ms',
    '',
  );
  report(
    '  opened again',
    await timed(async () => {
      await page.goto(`${origin}/runs/long?tab=history`);
      await page.locator('.history li .type').first().waitFor();
    }),
    'ms',
    '500',
  );
  report('  first seek', await timed(() => stateAt(page, Math.floor(EVENTS / 2))), 'ms', '');
  const seeks: number[] = [];
  for (let at = 0; at < 20; at += 1)
    seeks.push(await timed(() => stateAt(page, Math.floor((EVENTS * ((at * 7) % 20)) / 20) + 2499)));
  seeks.sort((a, b) => a - b);
  report('  seek, p95', seeks[18] ?? 0, 'ms', '200');
  report(
    '  heap of the page',
    (await evaluated(page, 'performance.memory.usedJSHeapSize')) / 2 ** 20,
    'MiB',
    '≤ 200',
    200,
  );
}

/** Asks for the state of the long run at a revision; what does not answer with that ends the bench. */
async function stateAt(page: Page, revision: number): Promise<void> {
  const answer = await page.evaluate(
    `fetch('/api/v1/runs/long/state?at=${revision}').then(async (one) => ({ status: one.status, body: await one.json() }))`,
  );
  const { status, body } = answer as { readonly status: number; readonly body: { readonly revision?: number } };
  if (status !== 200 || body.revision !== revision)
    throw new Error(`The state at ${revision} was answered with ${status} ${JSON.stringify(body).slice(0, 300)}.`);
}

/** Another start of the server: the keyframes are there. */
async function measureAgain(page: Page, link: string): Promise<void> {
  await page.goto(link);
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  report('  another start: first seek', await timed(() => stateAt(page, EVENTS - 1)), 'ms', '200');
  report('  another start: second seek', await timed(() => stateAt(page, Math.floor(EVENTS / 2) + 2499)), 'ms', '200');
}

const RATE = 2000;
const LIVE_SECONDS = values.quick ? 5 : 15;

async function measureLive(page: Page, link: string, path: string): Promise<void> {
  await page.goto(link);
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  const { origin } = new URL(link);
  const waits = await eventToScreen(page, origin, () => appendAtRate(path, RATE, LIVE_SECONDS));
  report(`${RATE.toLocaleString('en')} events a second: event to screen, p50`, percentile(waits, 0.5), 'ms', '');
  report('  p95', percentile(waits, 0.95), 'ms', '250');
  // As many as there were, less those before the page was there.
  if (waits.length < 20 || !waits.every(Number.isFinite)) failed += 1;
}

const open = (from: Browser): Promise<Page> => from.newPage({ viewport: { width: 1280, height: 800 } });

reportSize();
if (values.only !== 'live') reportLayout();
const browser = await launch();
if (browser === undefined) console.log('no Chromium: the rest is not measured');
else {
  if (values.only !== 'live')
    await inFolder(async (path) => {
      await writeRuns(path);
      await serving(path, async (link) => measure(await open(browser), link));
      await serving(path, async (link) => measureAgain(await open(browser), link));
    });
  if (values.only !== 'runs')
    await inFolder((path) => serving(path, async (link) => measureLive(await open(browser), link, path)));
  await browser.close();
}
process.exitCode = failed > 0 ? 1 : 0;
