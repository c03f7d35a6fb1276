import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import type { Browser, Page } from 'playwright-core';
import { launch, violations } from '../../../test/browser/chromium.ts';
import { projects } from '../support.ts';
import { Stage } from './stage.ts';

const project = projects();

const CONFIG = `
import { defineAgent, defineConfig, parseWorkflow } from '@reprise/core';
const say = (name, of) => defineAgent({ name, handle: of });
export default defineConfig({
  agents: [
    say('quoter', ({ input }) => ({ price: input.nights * 100 })),
    say('clerk', ({ input }) => ({ said: JSON.stringify(input) })),
  ],
  workflows: [
    parseWorkflow(\`
name: trip
tasks:
  quote: { agent: quoter }
  hotel: { agent: clerk, after: quote }
  flight: { agent: clerk }
  pay: { agent: clerk, after: [hotel, flight], delivery: at-most-once, retry: { maxAttempts: 1 } }
\`),
  ],
});
`;

describe('forks and diffs on the dashboard', function () {
  this.timeout(120_000);
  let browser: Browser | undefined;
  let stage: Stage;
  let page: Page;
  const runHere = (): string => new URL(page.url()).pathname.split('/').at(-1) ?? '';
  const inDialog = () => page.getByRole('dialog');

  before(async function () {
    browser = await launch();
    if (browser === undefined) this.skip();
    stage = await Stage.open(browser, project(), CONFIG);
    ({ page } = stage);
    expect((await stage.say('run', 'start', 'trip', '--id', 'trip-1', '--input', '{"nights":2}')).code).to.equal(0);
    await stage.go('/runs/trip-1');
    await stage.isIn('completed');
  });
  after(async () => {
    await browser?.close();
    await stage?.close();
  });

  it('with another result: says what runs again, asks about at-most-once, and does just that', async () => {
    await stage.go('/runs/trip-1?task=hotel');
    await page.getByRole('button', { name: 'Fork', exact: true }).click();
    const result = inDialog().getByRole('textbox', { name: 'Result of the task' });
    await result.waitFor();
    const plan = inDialog().getByRole('region', { name: 'What the fork does' });
    await plan.getByRole('heading', { name: /^Replaced 1/ }).waitFor();
    await plan.getByRole('heading', { name: /^Taken over 2/ }).waitFor();
    await plan.getByRole('heading', { name: /^Runs again 1/ }).waitFor();
    await result.fill('{"said": ');
    await inDialog().getByRole('alert').waitFor();
    const fork = inDialog().getByRole('button', { name: 'Fork' });
    await inDialog().getByRole('textbox', { name: 'Why' }).fill('what if');
    expect(await fork.isDisabled()).to.equal(true);
    await result.fill('{"said": "by hand"}');
    await plan.getByText('At most once').waitFor();
    expect(await fork.isDisabled()).to.equal(true);
    expect(await violations(page)).to.deep.equal([]);
    await inDialog().getByRole('checkbox', { name: 'Do it again' }).check();
    await fork.click();
    await page.getByRole('link', { name: 'fork of trip-1' }).waitFor();
    await stage.isIn('completed');
    const history = await stage.historyOf(runHere());
    expect(history[0]?.['metadata']).to.include({ by: 'ann', reason: 'what if' });
    const begun = history.findIndex(({ type }) => type === 'RunForked');
    const done = history.slice(begun).filter(({ type }) => type === 'TaskScheduled');
    expect(done.map(({ data }) => (data as { readonly taskId: string }).taskId)).to.deep.equal(['pay']);
  });

  it('holds two runs against each other, by a link that leads back', async () => {
    await page.getByRole('link', { name: 'Diff' }).click();
    await page.waitForURL(/\/diff\/trip-1\//);
    await page.getByText('They part first at hotel').waitFor();
    const hotel = page.getByRole('article', { name: /^hotel.*output/ });
    await hotel.getByText('by hand').waitFor();
    await stage.go(new URL(page.url()).pathname);
    await hotel.getByText('by hand').waitFor();
    expect(await violations(page)).to.deep.equal([]);
    await page.setViewportSize({ width: 400, height: 800 });
    expect(await page.evaluate('document.documentElement.scrollWidth')).to.be.at.most(400);
    await page.setViewportSize({ width: 1280, height: 800 });
    await hotel
      .getByRole('link', { name: /^revision/ })
      .first()
      .click();
    await page.waitForURL(/\/runs\/[\w-]+\?task=hotel&at=\d+$/);
  });

  it('with another input: everything is done anew', async () => {
    await stage.go('/runs/trip-1');
    await page.getByRole('button', { name: 'Fork', exact: true }).click();
    await inDialog().getByRole('checkbox', { name: 'Another input' }).check();
    await inDialog().getByRole('textbox', { name: 'Input of the new run' }).fill('{"nights": 7}');
    await inDialog()
      .getByRole('heading', { name: /^Runs again 4/ })
      .waitFor();
    await inDialog().getByRole('checkbox', { name: 'Do it again' }).check();
    await inDialog().getByRole('textbox', { name: 'Why' }).fill('longer');
    await inDialog().getByRole('button', { name: 'Fork' }).click();
    await page.getByRole('link', { name: 'fork of trip-1' }).waitFor();
    await stage.isIn('completed');
    await stage.go(`/runs/${runHere()}?task=quote`);
    await page.locator('aside').getByText('"price": 700').waitFor();
    expect(stage.complaints).to.deep.equal([]);
  });
});
