#!/usr/bin/env node
// The pictures of docs/dashboard.md: `npm run screenshots` writes runs in virtual time, serves them, and takes a picture of every view in Chromium.
import { copyFileSync, mkdirSync, readdirSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findChromium, launch } from '../test/browser/chromium.ts';
import { servingDashboard } from '../test/browser/serving.ts';
import { showOnPage } from './screenshots/page.ts';
import { takeAll } from './screenshots/take.ts';
import { NOW, writeHistory } from './screenshots/write-history.ts';

const ROOT = join(import.meta.dirname, '..');
const FOLDER = join(ROOT, 'docs', 'images', 'dashboard');
const say = (text: string): boolean => process.stdout.write(`${text}\n`);

/** The dashboard, at the time of the pictures; `use` gets its link. */
const serving = (folder: string, use: (link: string) => Promise<void>): Promise<void> =>
  servingDashboard(
    {
      store: 'events.db',
      args: ['--by', 'ann'],
      node: ['--import', join(import.meta.dirname, 'screenshots', 'shifted-time.mjs')],
      cwd: folder,
      env: { ...process.env, REPRISE_SCREENSHOT_TIME: String(NOW) },
    },
    use,
  );

async function main(): Promise<void> {
  if (findChromium() === undefined) {
    say('There is no Chromium here (REPRISE_CHROMIUM, or on the PATH): no picture was taken, and none was changed.');
    process.exitCode = 1;
    return;
  }
  // Its name is in a picture: the same one each time.
  const folder = join(tmpdir(), 'reprise-screenshots');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  const browser = await launch();
  try {
    copyFileSync(
      join(import.meta.dirname, 'screenshots', 'project', 'reprise.config.ts'),
      join(folder, 'reprise.config.ts'),
    );
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'dir');
    await writeHistory(folder);
    mkdirSync(FOLDER, { recursive: true });
    await serving(folder, async (link) => {
      if (browser === undefined) return;
      const taken = await takeAll(browser, link, FOLDER, NOW);
      for (const file of readdirSync(FOLDER))
        if (!taken.includes(file.replace(/\.webp$/, ''))) rmSync(join(FOLDER, file));
      showOnPage(join(ROOT, 'docs', 'dashboard.md'), taken);
      const bytes = taken.reduce((sum, name) => sum + statSync(join(FOLDER, `${name}.webp`)).size, 0);
      say(`${taken.length} pictures, ${Math.round(bytes / 1024)} KB: ${taken.join(', ')}`);
    });
  } finally {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

await main();
