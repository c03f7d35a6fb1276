import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import type { Browser, Page } from 'playwright-core';
import { launch } from '../../../test/browser/chromium.ts';
import { projects } from '../support.ts';
import { Stage } from './stage.ts';

const project = projects();

const CONFIG = `
import { defineAgent, defineConfig, parseWorkflow, workflow } from '@reprise/core';
import { z } from 'zod';
const inputSchema = z.object({ toString: z.string().optional(), fast: z.boolean().default(true) });
export default defineConfig({
  agents: [
    defineAgent({ name: 'author', handle: async (_task, { messages }) => {
      for (const text of ['first', 'second']) await messages.send('#desk', { text });
      return null;
    } }),
    defineAgent({ name: 'clerk', handle: async (_task, { messages }) => {
      for (let i = 0; i < 2; i += 1) await messages.nack(await messages.receive({ mailbox: '#desk' }), { reason: 'no', requeue: false });
      return null;
    } }),
  ],
  workflows: [
    workflow('typed', { input: inputSchema }).set('out', ({ input }) => input).build(),
    parseWorkflow('{ name: wait, tasks: { hold: { wait: { signal: go } }, on: { after: hold, set: 1 } } }'),
    parseWorkflow(\`
name: talk
mailboxes: { desk: {} }
tasks:
  author: { agent: author, may: [send] }
  clerk: { agent: clerk }
  hold: { after: [author, clerk], wait: { signal: go } }
\`),
  ],
});
`;

describe('the dashboard, when things come in another order', function () {
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
    for (const [workflow, id] of [
      ['wait', 'wait-1'],
      ['talk', 'talk-1'],
    ] as const)
      expect((await stage.say('run', 'start', workflow, '--id', id)).code).to.equal(0);
  });
  after(async () => {
    await browser?.close();
    await stage?.close();
  });

  it('a dead letter shows what it says itself, however late another one is answered', async () => {
    await stage.go('/dead-letters');
    const letters = page.locator('tbody tr:not(.open) td:first-child button');
    await letters.nth(1).waitFor();
    let held = (): void => undefined;
    const isHeld = new Promise<void>((resolve) => {
      held = resolve;
    });
    let isFirst = true;
    await page.route(/\/message\?/, async (route) => {
      if (isFirst) {
        isFirst = false;
        await isHeld;
      }
      await route.continue();
    });
    await letters.nth(0).click();
    await letters.nth(1).click();
    await page.locator('pre').getByText('"second"').waitFor();
    const late = page.waitForResponse(/\/message\?/);
    held();
    await (await late).finished();
    await page.waitForTimeout(100);
    expect(await page.locator('pre').textContent()).to.contain('"second"');
    await page.unrouteAll();
    await page.getByRole('button', { name: 'Edit' }).click();
    await page.locator('textarea').fill('{');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('alert').waitFor();
    await letters.nth(0).click();
    await page.locator('pre').getByText('"first"').waitFor();
    await page.getByRole('button', { name: 'Edit' }).click();
    expect(await page.getByRole('alert').count()).to.equal(0);
  });

  it('a form begins with defaults, and empty where a member has the name of what every object has', async () => {
    await stage.go('/workflows');
    await page.getByRole('row', { name: /typed/ }).getByRole('button', { name: 'Start' }).click();
    expect(await inDialog().locator('#start-toString').inputValue()).to.equal('');
    expect(await inDialog().getByRole('checkbox', { name: 'fast' }).isChecked()).to.equal(true);
    await page.keyboard.press('Escape');
  });

  it('keys belong to the dialog that is open', async () => {
    await stage.go('/runs/wait-1?at=1&task=hold');
    await page.getByRole('button', { name: 'Fork at 1' }).click();
    await inDialog().getByRole('combobox').focus();
    await page.keyboard.press('[');
    await inDialog().getByRole('button', { name: 'Back' }).focus();
    await page.keyboard.press('[');
    await page.keyboard.press('Control+k');
    expect(await inDialog().count()).to.equal(1);
    await page.keyboard.press('Escape');
    await inDialog().waitFor({ state: 'detached' });
    expect(new URL(page.url()).search).to.equal('?at=1&task=hold');
  });

  it('a question goes with the page that it is about', async () => {
    await stage.go('/runs');
    await page.getByRole('link', { name: 'wait-1' }).click();
    await page.getByRole('button', { name: 'Pause' }).click();
    await inDialog().waitFor();
    await page.goBack();
    await inDialog().waitFor({ state: 'detached' });
    expect(new URL(page.url()).pathname).to.equal('/runs');
  });

  const focused = (): Promise<string> => page.evaluate('document.activeElement.textContent.trim()') as Promise<string>;
  const because = async (reason: string): Promise<void> => {
    await inDialog().getByLabel('Why').fill(reason);
    await page.keyboard.press('Enter');
    await inDialog().waitFor({ state: 'detached' });
  };

  it('the focus stays with what takes the place of what had it', async () => {
    await stage.go('/runs/wait-1');
    for (const [verb, next] of [
      ['Pause', 'Resume'],
      ['Resume', 'Pause'],
    ] as const) {
      await page.getByRole('button', { name: verb }).focus();
      await page.keyboard.press('Enter');
      await because('to see');
      await page.getByRole('button', { name: next }).waitFor();
      expect(await focused()).to.equal(next);
    }
    await stage.go('/dead-letters');
    const letters = page.locator('tbody tr:not(.open) td:first-child button');
    for (const [left, next] of [
      [1, 'desk'],
      [0, 'Dead letters'],
    ] as const) {
      await letters.first().click();
      await page.getByRole('button', { name: 'Discard' }).focus();
      await page.keyboard.press('Enter');
      await because('of no use');
      await page.locator('tbody tr').nth(left).waitFor({ state: 'detached' });
      await page.locator(':focus').waitFor();
      expect(await focused()).to.contain(next);
    }
  });

  it('a refusal for want of a session is gone when there is one again', async () => {
    await stage.go('/runs/wait-1');
    const isChange = /\/pause$/;
    await page.route(isChange, (route) =>
      route.fulfill({ status: 401, json: { error: { code: 'DASHBOARD_NO_SESSION', message: 'No session.' } } }),
    );
    await page.getByRole('button', { name: 'Pause' }).click();
    await inDialog().first().getByLabel('Why').fill('to see');
    await page.keyboard.press('Enter');
    await page.getByText('No session.').waitFor();
    await page.unrouteAll();
    // What another tab has begun is found by looking.
    await page.evaluate("window.dispatchEvent(new Event('focus'))");
    await page.getByText('No session.').waitFor({ state: 'detached' });
    expect(await page.locator('#reason').inputValue()).to.equal('to see');
    await page.keyboard.press('Escape');
    expect(stage.complaints.splice(0)).to.have.lengthOf(1);
  });

  it('a revision that is not there yet is live, also once it is there', async () => {
    await stage.go('/runs/wait-1?at=4');
    await page.waitForURL(/\/runs\/wait-1$/);
    expect((await stage.say('run', 'signal', 'wait-1', 'go')).code).to.equal(0);
    await stage.isIn('completed');
    expect(await page.getByRole('button', { name: 'End' }).getAttribute('aria-pressed')).to.equal('true');
    expect(stage.complaints).to.deep.equal([]);
  });

  it('a view that cannot be read says why, and is there once it can', async () => {
    for (const [view, call] of [
      ['inbox', 'forms'],
      ['dead-letters', 'dead-letters'],
    ] as const) {
      await page.route(new RegExp(`/api/v1/${call}`), (route) => route.abort());
      await stage.go(`/${view}`);
      await page.getByRole('alert').getByText('DASHBOARD_GONE').waitFor();
      await page.unrouteAll();
      await stage.go(`/${view}`);
      await page.locator('main table, main .empty:not([role])').first().waitFor();
    }
  });
});
