import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import type { Browser, Page } from 'playwright-core';
import { launch, violations } from '../../../test/browser/chromium.ts';
import { projects } from '../support.ts';
import { Stage } from './stage.ts';

const project = projects();

const CONFIG = `
import { defineAgent, defineConfig, parseWorkflow, workflow } from '@reprise/core';
import { z } from 'zod';
const clerk = defineAgent({ name: 'clerk', handle: ({ input }) => ({ had: input }) });
const broken = defineAgent({ name: 'broken', handle: () => { throw Object.assign(new Error('no'), { code: 'BROKEN' }); } });
const inputSchema = z.object({ city: z.string().describe('Where to'), nights: z.number().int(), quiet: z.boolean(), view: z.enum(['sea', 'hill']).optional() });
export default defineConfig({
  agents: [clerk, broken],
  workflows: [
    workflow('stay', { input: inputSchema }).task('book', clerk).build(),
    parseWorkflow('{ name: wait, tasks: { hold: { wait: { signal: go } } } }'),
    parseWorkflow('{ name: break, tasks: { try: { agent: broken, retry: { maxAttempts: 1 } } } }'),
    parseWorkflow('{ name: plain, tasks: { do: { agent: clerk } } }'),
  ],
});
`;

describe('many runs on the dashboard', function () {
  this.timeout(120_000);
  let browser: Browser | undefined;
  let stage: Stage;
  let page: Page;
  const inDialog = () => page.getByRole('dialog');

  before(async function () {
    browser = await launch();
    if (browser === undefined) this.skip();
    stage = await Stage.open(browser, project(), CONFIG);
    ({ page } = stage);
    const starts = [
      ['wait', 'wait-1'],
      ['wait', 'wait-2'],
      ['wait', 'wait-3'],
      ['break', 'break-1'],
    ] as const;
    for (const [workflow, id] of starts)
      expect((await stage.say('run', 'start', workflow, '--id', id)).code).to.equal(0);
  });
  after(async () => {
    await browser?.close();
    await stage?.close();
  });

  it('chosen ones are changed: told before which, and then what became of each', async () => {
    await stage.go('/runs');
    for (const id of ['wait-1', 'wait-2', 'break-1']) await page.getByRole('checkbox', { name: `Run ${id}` }).check();
    await page.getByText('3 chosen').waitFor();
    await page.getByRole('button', { name: 'Pause …' }).click();
    await inDialog().getByRole('heading', { name: 'Pause: 2 runs' }).waitFor();
    await inDialog().getByText('Not changed: 1 failed.').waitFor();
    expect(await violations(page)).to.deep.equal([]);
    const pause = inDialog().getByRole('button', { name: 'Pause: 2 runs' });
    expect(await pause.isDisabled()).to.equal(true);
    await inDialog().getByRole('textbox', { name: 'Why' }).fill('a look');
    await pause.click();
    await inDialog().getByRole('heading', { name: 'Pause: 2 runs done' }).waitFor();
    await inDialog().getByRole('button', { name: 'Close' }).click();
    await page.locator('.status[data-status="paused"]').nth(1).waitFor();
    const statuses = await Promise.all(['wait-1', 'wait-2', 'wait-3'].map((id) => stage.statusOf(id)));
    expect(statuses).to.deep.equal(['paused', 'paused', 'running']);
    const paused = (await stage.historyOf('wait-1')).find(({ type }) => type === 'RunPaused');
    expect(paused).to.have.nested.property('metadata.by', 'ann');
    expect(paused).to.have.nested.property('data.reason', 'a look');
  });

  it('all that fit a query are changed; a run that ended meanwhile is told, and stops no other', async () => {
    await stage.go('/runs?q=workflow:wait');
    await page.getByRole('button', { name: 'Cancel …' }).click();
    await inDialog().getByRole('heading', { name: 'Cancel: 3 runs' }).waitFor();
    expect((await stage.say('run', 'signal', 'wait-3', 'go')).code).to.equal(0);
    await page.locator('tbody .status[data-status="completed"]').waitFor({ state: 'attached' });
    await inDialog().getByRole('textbox', { name: 'Why' }).fill('the end');
    await inDialog().getByRole('button', { name: 'Cancel: 3 runs' }).click();
    await inDialog().getByText('REPRISE_RUN_CLOSED').waitFor();
    await inDialog().getByRole('heading', { name: 'Cancel: 2 runs done, 1 refused' }).waitFor();
    await inDialog().getByRole('button', { name: 'Close' }).click();
    expect(await stage.statusOf('wait-1')).to.equal('cancelled');
    expect(await stage.statusOf('break-1')).to.equal('failed');
  });

  it('are found with suggestions, by the keyboard', async () => {
    await stage.go('/runs');
    const query = page.getByRole('combobox', { name: 'Query for runs' });
    await query.click();
    await page.keyboard.type('stat');
    await page.getByRole('option', { name: /^status:/ }).waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    expect(await query.inputValue()).to.equal('status:');
    await page.keyboard.type('fai');
    await page.getByRole('option', { name: /^failed/ }).waitFor();
    expect(await violations(page)).to.deep.equal([]);
    await page.keyboard.press('Tab');
    expect(await query.inputValue()).to.equal('status:failed');
    await page.keyboard.press('Enter');
    await page.waitForURL(/q=status%3Afailed$/);
    await page.getByRole('link', { name: 'break-1' }).waitFor();
    expect(await page.getByRole('link', { name: 'wait-1' }).count()).to.equal(0);
  });

  it('one is started by the form of its workflow, or by JSON', async () => {
    await stage.go('/workflows');
    await page.getByRole('button', { name: 'Start stay' }).click();
    await inDialog().getByLabel('city').fill('Bergen');
    await inDialog().getByLabel('nights').fill('two');
    await inDialog().getByLabel('view').selectOption('sea');
    await inDialog().getByLabel('Why').fill('first');
    expect(await violations(page)).to.deep.equal([]);
    const start = inDialog().getByRole('button', { name: 'Start', exact: true });
    await start.click();
    await inDialog().getByText('nights is no number').waitFor();
    await inDialog().getByLabel('nights').fill('2.5');
    await start.click();
    await inDialog().getByRole('alert').filter({ hasText: 'input of the run' }).waitFor();
    await inDialog().getByLabel('nights').fill('2');
    await inDialog().getByLabel('Id of the run').fill('stay-1');
    await start.click();
    await page.waitForURL(/\/runs\/stay-1$/);
    await stage.isIn('completed');
    const [started] = await stage.historyOf('stay-1');
    expect(started?.['metadata']).to.include({ by: 'ann', reason: 'first' });
    expect(started).to.have.nested.property('data.input').that.deep.equals({
      city: 'Bergen',
      nights: 2,
      quiet: false,
      view: 'sea',
    });
    await stage.go('/workflows');
    await page.getByRole('button', { name: 'Start plain' }).click();
    await inDialog().getByLabel('Input').fill('{"a": [1');
    await inDialog().getByLabel('Why').fill('second');
    await start.click();
    await inDialog().getByText('The input is no JSON').waitFor();
    await inDialog().getByLabel('Input').fill('{"a": [1]}');
    await start.click();
    await page.waitForURL(/\/runs\/(?!stay-1)[\w-]+$/);
    await stage.isIn('completed');
  });

  it('are sorted by a click or the keyboard, over all of them, live, and in the address', async () => {
    const begin = (from: number, count: number) =>
      page.evaluate(
        `(async () => { for (let at = ${from}; at < ${from + count}; at += 1) {
          const body = JSON.stringify({ workflow: 'plain', input: null, id: 'p' + String(at).padStart(3, '0'), reason: 'a test' });
          const { ok } = await fetch('/api/v1/start', { method: 'POST', headers: { 'content-type': 'application/json' }, body });
          if (!ok) throw new Error('not started');
        } })()`,
      );
    await stage.go('/runs?q=workflow:plain');
    await begin(0, 60);
    await page.getByRole('button', { name: 'Took' }).click();
    await page.waitForURL(/\?q=workflow%3Aplain&sort=duration%3Adesc$/);
    const sorted = (order: string) => page.locator(`th[aria-sort="${order}"]`);
    expect((await sorted('descending').textContent())?.trim()).to.match(/^Took/);
    await page.keyboard.press('Enter');
    await page.waitForURL(/&sort=duration$/);
    await sorted('ascending').waitFor();
    expect(await violations(page)).to.deep.equal([]);

    await stage.go('/runs?q=workflow:plain%20id:p*&sort=started');
    const ids = () => page.locator('tbody a.mono').allTextContents();
    await page.getByRole('link', { name: 'p049' }).waitFor();
    expect(await page.getByRole('link', { name: 'p050' }).count()).to.equal(0);
    await page.getByRole('button', { name: 'More runs' }).click();
    await page.getByRole('link', { name: 'p059' }).waitFor();
    await begin(60, 5);
    await page.getByRole('link', { name: 'p064' }).waitFor();
    const shown = await ids();
    expect(shown).to.deep.equal(shown.toSorted());
    expect(new Set(shown).size).to.equal(65);
    await page.getByLabel('Sorted by').selectOption('ended');
    await page.waitForURL(/&sort=ended$/);
    await page.getByRole('columnheader', { name: 'Ended' }).waitFor();
    await page.getByRole('button', { name: 'Ascending' }).click();
    await page.waitForURL(/&sort=ended%3Adesc$/);
    await page.goBack();
    await page.waitForURL(/&sort=ended$/);
  });

  it('a view that is being built says so, a graph that is awaited, and a task that there is not', async () => {
    await page.route('**/api/v1/about', async (route) => {
      const about = (await (await route.fetch()).json()) as { readonly views: readonly { readonly name: string }[] };
      const views = about.views.map((view) =>
        view.name === 'agents' ? { ...view, caughtUp: false, behindMs: 7_200_000 } : view,
      );
      await route.fulfill({ json: { ...about, views } });
    });
    for (const path of ['/agents', '/analytics?tab=agents']) {
      await stage.go(path);
      await page.getByText(/The view agents is being built: it has had what happened until 2\s?h/).waitFor();
      expect(await violations(page)).to.deep.equal([]);
    }
    await page.unroute('**/api/v1/about');
    await page.getByText(/The view agents is being built/).waitFor({ state: 'detached' });

    const [graph, worker] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    await page.route('**/graph', async (route) => {
      await graph.promise;
      await route.continue();
    });
    await page.route('**/assets/layout-worker*', async (route) => {
      await worker.promise;
      await route.continue();
    });
    await stage.go('/runs/p001');
    await page.getByText('The graph is being read …').waitFor();
    graph.resolve();
    await page.getByText('1 task is being laid out …').waitFor();
    worker.resolve();
    await page.locator('canvas[data-nodes="1"]').waitFor();
    expect(await page.getByText('being laid out').count()).to.equal(0);
    await page.unroute('**/graph');
    await stage.go('/runs/p001?task=nope');
    await page.getByText("Run 'p001' has no task 'nope' at revision").waitFor();
  });

  it('fit a small screen, and no rule was broken', async () => {
    await page.setViewportSize({ width: 400, height: 800 });
    await stage.go('/runs?q=workflow:break');
    await page.getByRole('link', { name: 'break-1' }).waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth')).to.be.at.most(400);
    expect(await violations(page)).to.deep.equal([]);
    // That a run was refused, and a task not found, was asked for above.
    expect(stage.complaints.filter((text) => !/40[04] \((Bad Request|Not Found)\)/.test(text))).to.deep.equal([]);
    expect(stage.asked.filter((url) => !url.startsWith(`${stage.origin}/`))).to.deep.equal([]);
  });
});
