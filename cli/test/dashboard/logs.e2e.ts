import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import type { Browser, Page } from 'playwright-core';
import { launch, violations } from '../../../test/browser/chromium.ts';
import { projects } from '../support.ts';
import { Stage } from './stage.ts';

const project = projects();

const CONFIG = `
import { defineAgent, defineConfig, parseWorkflow } from '@reprise/core';
const hostile = '<img src=x onerror="globalThis.pwned = 1">\\u001b[31m\\u202e';
export default defineConfig({
  agents: [
    defineAgent({ name: 'reader', handle: async ({ taskId, attempt }, { logger, emit, signal }) => {
      logger.info('opened ' + taskId, { pages: 12 });
      emit({ read: 0.5 });
      logger.warn('odd: ' + hostile);
      if (taskId === 'slow') {
        for (let page = 0; !signal.aborted && page < 4000; page += 1) {
          logger.debug('page ' + page);
          if (page % 20 === 19) await new Promise((done) => setTimeout(done, 60));
        }
      }
      if (taskId === 'fails' && attempt === 1) throw Object.assign(new Error('torn page'), { code: 'TORN' });
      return attempt;
    } }),
  ],
  workflows: [
    parseWorkflow(\`
name: book
tasks:
  fails: { agent: reader, retry: { maxAttempts: 2, initialDelay: 1 } }
  many: { agent: reader, after: fails, forEach: "[1, 2]" }
\`),
    parseWorkflow('{ name: long, tasks: { slow: { agent: reader } } }'),
  ],
});
`;

describe('logs of agents', function () {
  this.timeout(120_000);
  let browser: Browser | undefined;
  let stage: Stage;
  let page: Page;

  before(async function () {
    browser = await launch();
    if (browser === undefined) this.skip();
    stage = await Stage.open(browser, project(), CONFIG);
    ({ page } = stage);
    expect((await stage.say('run', 'start', 'book', '--id', 'book-1')).code).to.equal(0);
  });
  after(async () => {
    await browser?.close();
    await stage?.close();
  });

  it('are shown in the workspace of the run as they come, and as text', async () => {
    expect((await stage.say('run', 'start', 'long', '--id', 'long-2')).code).to.equal(0);
    await stage.go('/runs/long-2?tab=logs');
    const lines = page.getByRole('region', { name: 'Lines' });
    await page.getByText('Following').waitFor();
    const search = page.getByRole('searchbox', { name: 'Only lines with this text' });
    await search.fill('page 4');
    await lines.getByText('page 4', { exact: true }).waitFor();
    await search.fill('');
    await page.getByRole('button', { name: 'Warnings' }).click();
    await lines.getByText('odd: <img src=x').waitFor();
    expect(await lines.getByText('page 4', { exact: false }).count()).to.equal(0);
    expect(await page.evaluate('globalThis.pwned')).to.equal(undefined);
    await lines
      .getByRole('button', { name: /show all of it/ })
      .first()
      .click();
    await page.getByLabel('Message').getByText('\\u202e').waitFor();
    await page.getByRole('button', { name: 'All', exact: true }).click();
    await search.fill('opened');
    await lines.getByText('opened slow').waitFor();
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await page.waitForTimeout(200);
      expect(await violations(page)).to.deep.equal([]);
    }
    await stage.say('run', 'cancel', 'long-2', '--reason', 'enough');
    await stage.isIn('cancelled');
    await page.setViewportSize({ width: 400, height: 800 });
    await stage.go('/runs/book-1?tab=logs&task=fails');
    await lines.getByText('opened fails').first().waitFor();
    expect(await lines.getByText('many[0]').count()).to.equal(0);
    expect(await page.evaluate('document.documentElement.scrollWidth')).to.be.at.most(400);
    expect(stage.complaints).to.deep.equal([]);
  });
});
