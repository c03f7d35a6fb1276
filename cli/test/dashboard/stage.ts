import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { jsonLines, type Result, Running, reprise } from '../support.ts';

const FLAGS = ['-c', 'reprise.config.mjs'];

/** A project that is driven, its dashboard, and a page that is in it. */
export class Stage {
  readonly cwd: string;
  readonly page: Page;
  readonly origin: string;
  /** What the page complained about, and whom it asked for something. */
  readonly complaints: string[];
  readonly asked: string[];
  readonly #commands: readonly Running[];

  constructor(parts: Pick<Stage, 'cwd' | 'page' | 'origin' | 'complaints' | 'asked'>, commands: readonly Running[]) {
    this.cwd = parts.cwd;
    this.page = parts.page;
    this.origin = parts.origin;
    this.complaints = parts.complaints;
    this.asked = parts.asked;
    this.#commands = commands;
  }

  /** `config` is the text of its configuration. */
  static async open(browser: Browser, cwd: string, config: string, more: readonly string[] = []): Promise<Stage> {
    writeFileSync(join(cwd, 'reprise.config.mjs'), config);
    const worker = new Running(['worker', 'start', '--log', 'silent', ...FLAGS], { cwd });
    await worker.saw(/Driving/);
    const dashboard = new Running(['dashboard', '--port', '0', '--by', 'ann', '--json', ...more, ...FLAGS], { cwd });
    await dashboard.saw(/"link"/);
    const link = String(jsonLines(dashboard.stdout).at(-1)?.['link']);
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' });
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    const [complaints, asked]: [string[], string[]] = [[], []];
    page.on('request', (request) => asked.push(request.url()));
    page.on('pageerror', (error) => complaints.push(error.stack ?? error.message));
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
    });
    await page.goto(link);
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    return new Stage({ cwd, page, origin: new URL(link).origin, complaints, asked }, [dashboard, worker]);
  }

  say(...args: readonly string[]): Promise<Result> {
    return reprise([...args, ...FLAGS], { cwd: this.cwd });
  }

  async go(path: string): Promise<void> {
    await this.page.goto(this.origin + path);
  }

  async statusOf(run: string): Promise<unknown> {
    return jsonLines((await this.say('run', 'show', run, '--json')).stdout)[0]?.['status'];
  }

  async historyOf(run: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
    return jsonLines((await this.say('run', 'history', run, '--json')).stdout);
  }

  async isIn(status: string): Promise<void> {
    await this.page.locator(`.head .status[data-status="${status}"]`).waitFor({ timeout: 15_000 });
  }

  async close(): Promise<void> {
    for (const one of this.#commands) one.child.kill('SIGTERM');
    for (const one of this.#commands) await one.ended;
  }
}
