import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';

const SIZE = { width: 1280, height: 800 };
/** Of WebP. */
const QUALITY = 82;
/** The run whose workspace is shown, the one that it is held against, the one that has messages, and the one that a team is in. */
const [RUN, OTHER, TALKING, LED] = ['order-05', 'order-04', 'payments-1', 'page-1'];

/** Takes a picture of every view that the page has: those of its navigation, and every tab of a run. Gives their names. */
export async function takeAll(browser: Browser, link: string, folder: string, now: number): Promise<readonly string[]> {
  const context = await browser.newContext({
    viewport: SIZE,
    reducedMotion: 'reduce',
    colorScheme: 'light',
    timezoneId: 'UTC',
    locale: 'en-GB',
  });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  await page.clock.install({ time: now });
  const { origin } = new URL(link);
  const taken: string[] = [];
  const take = async (name: string): Promise<void> => {
    await settled(page);
    const session = await context.newCDPSession(page);
    const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality: QUALITY });
    await session.detach();
    writeFileSync(join(folder, `${name}.webp`), Buffer.from(data, 'base64'));
    taken.push(name);
  };

  await page.goto(link);
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  // Views are built in the background.
  await page.evaluate(
    `(async () => { for (;;) { const { views } = await (await fetch('/api/v1/about')).json(); if (views.every((one) => one.caughtUp)) return; await new Promise((done) => setTimeout(done, 200)); } })()`,
  );
  const hrefs = await page
    .locator('nav[aria-label="Views"] ul a')
    .evaluateAll((links) => links.map((one) => one.getAttribute('href') ?? '/'));
  for (const href of hrefs) {
    await page.goto(origin + href);
    await page.locator('nav a[aria-current="page"]').waitFor();
    await take(href === '/' ? 'overview' : href.slice(1));
  }
  await page.goto(`${origin}/runs/${RUN}`);
  // It is there once it is known that agents report what they use.
  await page.locator('#tab-cost').waitFor();
  const tabs = await page.getByRole('tab').evaluateAll((all) => all.map((one) => one.id.replace(/^tab-/, '')));
  for (const tab of tabs) {
    const run = tab === 'messages' ? TALKING : tab === 'decisions' || tab === 'cost' ? LED : RUN;
    await page.goto(`${origin}/runs/${run}?tab=${tab}`);
    await page.locator(`#tab-${tab}[aria-selected="true"]`).waitFor();
    // The decision that is told of: that on which the ledger has much.
    if (tab === 'decisions')
      await page
        .getByRole('button', { name: /^Revision \d+: reject/ })
        .first()
        .click();
    await take(`run-${tab}`);
  }
  await page.goto(`${origin}/diff/${RUN}/${OTHER}`);
  await take('diff');
  await context.close();
  return taken;
}

/** What is shown has been fetched, and drawn. */
async function settled(page: Page): Promise<void> {
  await page.waitForTimeout(1200);
  await page.evaluate('document.fonts.ready.then(() => true)');
}
