import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import type { Browser, Page } from 'playwright-core';
import { launch, violations } from '../../../test/browser/chromium.ts';
import { projects } from '../support.ts';
import { Stage } from './stage.ts';

const project = projects();

const CONFIG = `
import { defineAgent, defineConfig, defineProjection, parseWorkflow } from '@reprise/core';
export default defineConfig({
  agents: [
    defineAgent({ name: 'writer', handle: async (_task, { usage }) => { usage({ tokens: 7, cost: 0.25 }); await new Promise((done) => setTimeout(done, 30)); return 1; } }),
    defineAgent({ name: 'payments', handle: () => { throw Object.assign(new Error('no'), { code: '=DECLINED' }); } }),
  ],
  workflows: [
    parseWorkflow('{ name: report, tasks: { draft: { agent: writer }, publish: { agent: writer, after: draft } } }'),
    parseWorkflow('{ name: trip, tasks: { pay: { agent: payments, retry: { maxAttempts: 1 } } } }'),
  ],
  projections: [
    defineProjection({
      name: 'failures', version: 1, about: 'why runs fail',
      fields: { cause: { type: 'text', path: ['cause'], about: 'the code' }, count: { type: 'number', path: ['count'], about: 'how often' } },
      keyOf: ({ event, run }) => (event.type === 'RunFailed' ? run.workflow : undefined),
      apply: (row, { event }) => ({ cause: event.error.cause?.code ?? event.error.code, count: (row?.count ?? 0) + 1 }),
    }),
  ],
});
`;

describe('analytics on the dashboard', function () {
  this.timeout(120_000);
  let browser: Browser | undefined;
  let stage: Stage;
  let page: Page;

  before(async function () {
    browser = await launch();
    if (browser === undefined) this.skip();
    stage = await Stage.open(browser, project(), CONFIG);
    ({ page } = stage);
    for (const [workflow, id] of [
      ['report', 'report-1'],
      ['report', 'report-2'],
      ['trip', 'trip-1'],
    ] as const) {
      expect((await stage.say('run', 'start', workflow, '--id', id)).code).to.equal(0);
      await stage.go(`/runs/${id}`);
      await stage.isIn(workflow === 'trip' ? 'failed' : 'completed');
    }
  });
  after(async () => {
    await browser?.close();
    await stage?.close();
  });

  it('tells of each task and agent how long it works and what it costs', async () => {
    await stage.go('/analytics');
    const row = page.getByRole('row', { name: /report draft writer/ });
    await row.waitFor();
    const cells = await row.getByRole('cell').allTextContents();
    expect(cells.slice(0, 4)).to.deep.equal(['report', 'draft', 'writer', '2']);
    expect(cells).to.include.members(['14', '0.5']);
    await page
      .getByRole('list', { name: 'working.longest of task-times' })
      .getByText('report · draft · writer')
      .waitFor();
    expect(await violations(page)).to.deep.equal([]);
  });

  it('draws views of Reprise and of the project, by a link that leads back to the view and its query', async () => {
    await page.getByRole('link', { name: /^failures/ }).click();
    await page.waitForURL(/\/analytics\?tab=failures$/);
    await page.getByRole('cell', { name: '=DECLINED' }).waitFor();
    await page.getByRole('link', { name: /^throughput/ }).click();
    await page.getByRole('img', { name: 'completed of throughput' }).waitFor();
    await page.getByRole('combobox', { name: 'What is drawn' }).selectOption('failed');
    await page.getByRole('img', { name: 'failed of throughput' }).waitFor();
    await page.getByRole('textbox', { name: 'Query for rows' }).fill('workflow:trip');
    await page.keyboard.press('Enter');
    await page.waitForURL(/q=workflow%3Atrip&tab=throughput$/);
    await page.reload();
    await page.getByRole('cell', { name: 'trip' }).first().waitFor();
    expect(await page.getByRole('cell', { name: 'report' }).count()).to.equal(0);
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.waitForTimeout(200);
    expect(await violations(page)).to.deep.equal([]);
    await page.emulateMedia({ colorScheme: 'light' });
  });

  it('gives files for a spreadsheet, without formulas, and for programs', async () => {
    await stage.go('/analytics?tab=failures');
    const save = async (name: string): Promise<string> => {
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('link', { name, exact: true }).click(),
      ]);
      expect(download.suggestedFilename()).to.match(/^failures\.(csv|ndjson)$/);
      return readFileSync(await download.path(), 'utf8');
    };
    expect(await save('CSV')).to.equal("key,cause,count\r\ntrip,'=DECLINED,1\r\n");
    expect(JSON.parse(await save('NDJSON'))).to.deep.equal({ key: 'trip', cause: '=DECLINED', count: 1 });
  });

  it('fit a small screen, and no rule was broken', async () => {
    await page.setViewportSize({ width: 400, height: 800 });
    await stage.go('/analytics');
    await page.getByRole('row', { name: /report draft writer/ }).waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth')).to.be.at.most(400);
    expect(stage.complaints).to.deep.equal([]);
  });
});
