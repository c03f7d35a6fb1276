import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import axe from 'axe-core';
import { type Browser, chromium, type Page } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** The Chromium of this machine: REPRISE_CHROMIUM, or what is on the PATH. */
export function findChromium(): string | undefined {
  const named = process.env['REPRISE_CHROMIUM'];
  if (named !== undefined && named !== '') return named;
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.flatMap((folder) => NAMES.map((name) => join(folder, name))).find((path) => existsSync(path));
}

/** Undefined: there is none, and nobody asked for one. With CI=true there has to be one. */
export async function launch(): Promise<Browser | undefined> {
  const executablePath = findChromium();
  if (executablePath === undefined && process.env['CI'] !== 'true') return undefined;
  if (executablePath === undefined)
    throw new Error('CI=true, and there is no Chromium (REPRISE_CHROMIUM, or on the PATH).');
  const args = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'];
  return chromium.launch({ executablePath, args });
}

interface Found {
  readonly passes: readonly unknown[];
  readonly violations: readonly {
    readonly id: string;
    readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
  }[];
}

/** What axe finds against WCAG 2.2 AA, in words. */
export async function violations(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source);
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
  const found = (await page.evaluate(`axe.run(document, { runOnly: ${JSON.stringify(tags)} })`)) as Found;
  if (found.passes.length < 10) throw new Error('axe has looked at nothing');
  return found.violations.flatMap(({ id, nodes }) =>
    nodes.map(
      ({ html, failureSummary = '' }) =>
        `${id}: ${html.slice(0, 200)} (${failureSummary.replaceAll(/\s+/g, ' ').slice(0, 200)})`,
    ),
  );
}
