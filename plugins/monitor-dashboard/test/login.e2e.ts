import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@reprise/core/plugin';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import type { Browser } from 'playwright-core';
import { launch, violations } from '../../../test/browser/chromium.ts';
import { addToken, type Dashboard, revokeToken, startDashboard } from '../src/index.ts';
import { selfSigned } from './self-signed.ts';
import { fakeSource } from './support.ts';

describe('the login page of the dashboard', function () {
  this.timeout(60_000);
  let browser: Browser | undefined;
  let dashboard: Dashboard | undefined;
  const folder = mkdtempSync(join(tmpdir(), 'reprise-login-'));

  before(async function () {
    browser = await launch();
    if (browser === undefined) this.skip();
  });
  after(async () => {
    await browser?.close();
    await dashboard?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('lets in by a token, to where he wanted to go, and says what is wrong; nothing is refused by its own policy', async () => {
    const [tokens, cert, key] = ['tokens.json', 'cert.pem', 'key.pem'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    const signed = selfSigned('login');
    writeFileSync(cert, signed.cert);
    writeFileSync(key, signed.key, { mode: 0o600 });
    const token = addToken(tokens, { name: 'ann', role: 'viewer', now: systemClock.now() });
    dashboard = await startDashboard({ source: fakeSource(), port: 0, by: '', tls: { cert, key }, tokens });
    const { origin } = new URL(dashboard.link);
    const context = await browser?.newContext({ ignoreHTTPSErrors: true });
    const page = await context?.newPage();
    if (context === undefined || page === undefined) throw new Error('no browser');
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      // That there is no session, and that a token is wrong, the browser says by itself.
      if (message.type() === 'error' && !/status of 401/.test(message.text())) complaints.push(message.text());
    });
    await page.goto(`${origin}/runs?q=status%3Afailed`);
    const field = page.getByLabel('Token');
    await field.waitFor();
    expect(await violations(page)).to.deep.equal([]);
    await field.fill('rpd_guess');
    await page.keyboard.press('Enter');
    await page.getByText('That token is not known').waitFor();
    expect(complaints).to.deep.equal([]);
    await field.fill(token);
    await page.getByRole('button', { name: 'Open' }).click();
    await page.locator('nav[aria-label="Views"]').waitFor();
    expect(page.url()).to.equal(`${origin}/runs?q=status%3Afailed`);
    // Taken back, and given anew: the page is told at its next question, and goes on where it is with the new one.
    revokeToken(tokens, 'ann');
    const next = addToken(tokens, { name: 'ann', role: 'viewer', now: systemClock.now() });
    await page.getByRole('button', { name: 'Slow' }).click();
    const dialog = page.getByRole('dialog', { name: 'Your session has ended' });
    await dialog.waitFor();
    expect(await violations(page)).to.deep.equal([]);
    for (let times = 0; times < 3; times += 1) await page.keyboard.press('Escape');
    await dialog.getByLabel('Token').fill('rpd_guess');
    await page.keyboard.press('Enter');
    await dialog.getByText('That token is not known').waitFor();
    await dialog.getByLabel('Token').fill(next);
    await dialog.getByRole('button', { name: 'Open' }).click();
    await dialog.waitFor({ state: 'detached' });
    expect(page.url()).to.equal(`${origin}/runs?q=duration%3E1m`);
    await page.getByText('No run fits').waitFor();

    // What the foot of a wide page has, a small one has in its menu.
    await page.setViewportSize({ width: 400, height: 800 });
    await page.getByRole('button', { name: 'Menu' }).click();
    const menu = page.getByRole('dialog', { name: 'Find' });
    await menu.getByText('Live', { exact: true }).waitFor();
    await menu.getByText('ann (viewer)').waitFor();
    expect(await violations(page)).to.deep.equal([]);
    await page.keyboard.type('theme: dark');
    await page.keyboard.press('Enter');
    await page.locator('html[data-theme="dark"]').waitFor();
    await page.keyboard.press('Control+k');
    await menu.getByRole('option', { name: 'Sign out' }).click();
    await field.waitFor();
    expect((await context.cookies()).filter(({ value }) => value !== '')).to.deep.equal([]);
    // The page itself has nothing to show here: of what it says, only its policy counts.
    expect(complaints.filter((text) => /policy|trusted/i.test(text))).to.deep.equal([]);
  });

  it('a page whose session is gone waits for the printed link, and goes on where it is', async () => {
    const links: string[] = [];
    const opened = await startDashboard({
      ...{ source: fakeSource(), port: 0, by: 'ann', role: 'operator' },
      onLink: (link) => links.push(link),
    });
    try {
      const context = await browser?.newContext();
      const page = await context?.newPage();
      if (context === undefined || page === undefined) throw new Error('no browser');
      await page.goto(opened.link);
      await page.locator('nav[aria-label="Views"]').waitFor();
      const { origin } = new URL(opened.link);
      await page.goto(`${origin}/runs?sort=ended`);
      await page.getByText('No run yet').waitFor();
      await context.clearCookies();
      // Whatever the page asks for next may find out first, and puts the dialog above the button.
      await page.getByRole('button', { name: 'Failed' }).dispatchEvent('click');
      const dialog = page.getByRole('dialog', { name: 'Your session has ended' });
      await dialog.getByText('has printed last').waitFor();
      const other = await context.newPage();
      await other.goto(links.at(-1) ?? '');
      await other.locator('nav[aria-label="Views"]').waitFor();
      await dialog.waitFor({ state: 'detached' });
      expect(page.url()).to.equal(`${origin}/runs?q=status%3Afailed&sort=ended`);
      await page.getByText('No run fits').waitFor();
    } finally {
      await opened.close();
    }
  });
});
