import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { launch, violations } from '../../../test/browser/chromium.ts';
import { jsonLines, projects, Running, reprise } from '../support.ts';

const project = projects();

const CONFIG = `
import { defineAgent, defineConfig, parseWorkflow } from '@reprise/core';
const hostile = '<img src=x onerror="globalThis.pwned = 1"><script>globalThis.pwned = 1</script>\\u202e';
export default defineConfig({
  agents: [
    defineAgent({ name: 'writer', handle: async () => ({ hostile }) }),
    defineAgent({ name: 'payments', handle: async () => { throw Object.assign(new Error('declined ' + hostile), { code: 'CARD_DECLINED' }); } }),
  ],
  workflows: [
    parseWorkflow(\`
name: report
tasks:
  draft: { agent: writer }
  many: { agent: writer, forEach: "[1, 2, 3]" }
  review: { after: [draft, many], scope: { facts: { agent: writer }, style: { agent: writer, after: facts } } }
  approve: { after: review, wait: { form: { title: Publish it?, type: object, properties: { approved: { type: boolean, title: Approved } }, required: [approved] }, assignee: kim } }
  publish: { agent: writer, after: approve }
\`),
    parseWorkflow(\`
name: trip
tasks:
  quote: { agent: writer }
  pay: { agent: payments, after: quote, retry: { maxAttempts: 1 } }
\`),
  ],
});
`;

describe('reprise dashboard', function () {
  this.timeout(120_000);
  let cwd: string;
  let browser: Browser | undefined;
  let context: BrowserContext;
  let page: Page;
  let worker: Running;
  let dashboard: Running;
  let origin: string;
  const asked: string[] = [];
  const complaints: string[] = [];
  const config = ['-c', 'reprise.config.mjs'];
  const say = (...args: string[]) => reprise([...args, ...config], { cwd });
  const linkOf = (): string => String(jsonLines(dashboard.stdout).at(-1)?.['link']);
  const at = (path: string) => page.goto(origin + path);
  const statusOf = async (run: string) => jsonLines((await say('run', 'show', run, '--json')).stdout)[0]?.['status'];
  const shows = (text: string) => page.getByText(text, { exact: true }).first().waitFor({ timeout: 10_000 });
  const isIn = (status: string) => page.locator(`.head .status[data-status="${status}"]`).waitFor({ timeout: 10_000 });

  before(async function () {
    browser = await launch();
    if (browser === undefined) {
      process.stdout.write('  skipped: there is no Chromium (REPRISE_CHROMIUM, or on the PATH)\n');
      this.skip();
    }
    cwd = project();
    writeFileSync(join(cwd, 'reprise.config.mjs'), CONFIG);
    worker = new Running(['worker', 'start', '--log', 'silent', ...config], { cwd });
    await worker.saw(/Driving/);
    for (const [workflow, id] of [
      ['trip', 'trip-1'],
      ['report', 'report-1'],
      ['report', 'report-2'],
    ] as const)
      expect((await say('run', 'start', workflow, '--id', id)).code).to.equal(0);
    dashboard = new Running(['dashboard', '--port', '0', '--by', 'ann', '--json', ...config], { cwd });
    await dashboard.saw(/"link"/);
    origin = new URL(linkOf()).origin;
    context = await browser.newContext({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' });
    page = await context.newPage();
    page.on('request', (request) => asked.push(request.url()));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
    });
    await page.goto(linkOf());
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
  });

  after(async () => {
    await browser?.close();
    for (const one of [dashboard, worker]) one?.child.kill('SIGTERM');
    for (const one of [dashboard, worker]) await one?.ended;
  });

  it('opens by a link that works once, and by nothing else', async () => {
    const other = await (browser as Browser).newContext();
    const stranger = await other.newPage();
    expect((await stranger.goto(`${origin}/runs`))?.status()).to.equal(401);
    expect((await stranger.goto(String(jsonLines(dashboard.stdout)[0]?.['link'])))?.status()).to.equal(401);
    await other.close();
    expect(jsonLines(dashboard.stdout)).to.have.length(2);
  });

  it('is usable by everybody: no violation of WCAG 2.2 AA in any view, light and dark', async () => {
    const found: string[] = [];
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      for (const path of [
        '/',
        '/runs?q=status:failed',
        '/runs/report-1',
        '/runs/report-1?tab=timeline',
        '/runs/trip-1?tab=history&at=4',
        '/runs/report-1?tab=messages',
        '/runs/trip-1?tab=state&task=pay',
        '/inbox',
        '/dead-letters',
        '/agents',
        '/workflows',
        '/workflows?tab=report@1&task=draft',
        '/health',
        '/analytics',
        '/analytics?tab=throughput',
        '/diff/report-1/report-2',
        '/diff/report-1',
        '/runs/trip-1?tab=logs',
      ]) {
        await at(path);
        await page.waitForLoadState('load');
        await page.waitForTimeout(500);
        for (const one of await violations(page)) found.push(`${colorScheme} ${path} ${one}`);
      }
    }
    expect(found).to.deep.equal([]);
  });

  it('shows what a run does as it does it, and changes it with who and why', async () => {
    await at('/runs/report-1');
    await isIn('running');
    await shows("'approve' waits for an answer of 'kim'.");
    expect((await say('run', 'pause', 'report-1', '--reason', 'look')).code).to.equal(0);
    await isIn('paused');
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByRole('textbox', { name: 'Why' }).fill('seen');
    await page.getByRole('dialog').getByRole('button', { name: 'Resume' }).click();
    await isIn('running');
    const history = jsonLines((await say('run', 'history', 'report-1', '--json')).stdout);
    const resumed = history.find(({ type }) => type === 'RunResumed');
    expect(resumed?.['metadata']).to.include({ by: 'ann', reason: 'seen' });
  });

  it('answers a form', async () => {
    await at('/inbox');
    await page
      .getByRole('button', { name: /Publish it/ })
      .first()
      .click();
    const run = await page.locator('article dd a').first().textContent();
    await page.getByLabel('Approved').check();
    await page.getByRole('button', { name: 'Answer' }).click();
    await page.getByRole('textbox', { name: 'Why' }).fill('fine');
    await page.getByRole('dialog').getByRole('button', { name: 'Answer' }).click();
    await at(`/runs/${run}`);
    await isIn('completed');
    expect(await statusOf(run ?? '')).to.equal('completed');
  });

  it('goes to any revision, and a link leads back to it', async () => {
    await at('/runs/trip-1?tab=state');
    const slider = page.getByRole('slider', { name: 'Revision' });
    await slider.focus();
    await page.keyboard.press('Home');
    await page.waitForURL(/at=0/);
    await page.locator('.said', { hasText: 'RunStarted' }).waitFor();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    await page.waitForURL(/at=2/);
    await at('/runs/trip-1?tab=state&at=2&task=quote');
    await page.locator('aside .status[data-status="running"]').waitFor();
    expect(await slider.inputValue()).to.equal('2');
  });

  it('is driven by the keyboard alone', async () => {
    await at('/');
    await page.keyboard.press('Control+k');
    await page.keyboard.type('trip-1');
    await page.getByRole('option', { name: /trip-1/ }).waitFor();
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/runs\/trip-1$/);
    await page.getByRole('button', { name: /^quote, completed/ }).focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.waitForURL(/task=pay/);
    await page.locator('aside').getByText('CARD_DECLINED').waitFor();
  });

  it('shows text of agents as text', async () => {
    await at('/runs/trip-1?task=pay');
    await page.locator('aside').getByText('<img src=x').first().waitFor();
    await at('/runs/report-1?task=draft&tab=history');
    await page.locator('aside pre').last().getByText('\\u202e').waitFor();
    expect(await page.evaluate('globalThis.pwned')).to.equal(undefined);
    expect(await page.locator('img[src="x"]').count()).to.equal(0);
  });

  it('goes on from a run that failed, in a new one', async () => {
    await at('/runs/trip-1');
    await page.getByRole('button', { name: 'Retry' }).click();
    await page.getByRole('textbox', { name: 'Why' }).fill('again');
    await page.getByRole('dialog').getByRole('button', { name: 'Retry' }).click();
    await page.waitForURL((url) => url.pathname.startsWith('/runs/') && !url.pathname.endsWith('trip-1'));
    await page.getByRole('link', { name: 'retry of trip-1' }).waitFor();
    const run = new URL(page.url()).pathname.split('/').at(-1) ?? '';
    const [started] = jsonLines((await say('run', 'history', run, '--json')).stdout);
    expect(started?.['metadata']).to.include({ by: 'ann', reason: 'again' });
    await at('/runs/trip-1?at=3');
    await page.getByRole('button', { name: 'Fork at 3' }).click();
    await page.getByRole('textbox', { name: 'Why' }).fill('try');
    await page.getByRole('dialog').getByRole('button', { name: 'Fork', exact: true }).click();
    await page.getByRole('link', { name: 'fork of trip-1' }).waitFor();
  });

  it('fits a small screen', async () => {
    await page.setViewportSize({ width: 400, height: 800 });
    for (const path of [
      '/',
      '/runs',
      '/runs/report-1',
      '/inbox',
      '/agents',
      '/workflows',
      '/workflows?tab=report@1',
      '/health',
      '/analytics',
      '/diff/report-1/report-2',
    ]) {
      await at(path);
      await page.waitForTimeout(300);
      const wide = await page.evaluate('document.documentElement.scrollWidth');
      expect(wide, path).to.be.at.most(400);
    }
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  it('asks nobody else for anything, and breaks no rule of its own', () => {
    expect(asked.filter((url) => !url.startsWith(`${origin}/`))).to.deep.equal([]);
    expect(complaints).to.deep.equal([]);
  });

  it('takes no change when it is only to be looked at', async () => {
    const other = new Running(['dashboard', '--port', '0', '--read-only', '--json', '-c', 'reprise.config.mjs'], {
      cwd,
    });
    await other.saw(/"link"/);
    const link = String(jsonLines(other.stdout)[0]?.['link']);
    const viewer = await (browser as Browser).newContext();
    const reader = await viewer.newPage();
    await reader.goto(link);
    await reader.getByRole('heading', { name: 'Overview' }).waitFor();
    await reader.goto(`${new URL(link).origin}/runs/report-2`);
    const cancel = reader.getByRole('button', { name: 'Cancel' });
    await cancel.waitFor();
    expect(await cancel.isDisabled()).to.equal(true);
    await viewer.close();
    other.child.kill('SIGTERM');
    expect((await other.ended).code).to.equal(143);
  });
});
