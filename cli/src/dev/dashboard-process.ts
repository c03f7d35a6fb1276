import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { extname } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { systemClock } from '@reprise/core';
import type { HandedOver } from '../dashboard/hand-over.ts';
import type { Whereabouts } from '../store/locate-store.ts';

export interface DashboardOptions extends Whereabouts {
  /** Where it is to be served. Without it 4680, or any other that is free. */
  readonly port: number | undefined;
}

export interface DashboardEvents {
  /** A link that opens it, once: the first, and the next one each time that one was used. */
  link(link: string): void;
  /** It is not there, or no more, and why. */
  gone(why: string): void;
}

const DEFAULT_PORT = 4680;
const CHILD = fileURLToPath(new URL(`./dashboard-child${extname(import.meta.url)}`, import.meta.url));

/** Whether the package of the dashboard is installed. */
export function hasDashboard(): boolean {
  try {
    import.meta.resolve('@reprise/monitor-dashboard');
    return true;
  } catch {
    return false;
  }
}

/** How much later than the dashboard this process may hear of a signal to both, ms. */
const SIGNAL_MS = 250;

/** How long a dashboard may take to say what it leaves to the next one, and to end; ms. */
const HAND_OVER_MS = 2000;

/**
 * `reprise dashboard` in a process of its own, with the code of the project as it was when that began. After a reload another one takes its place, which has the
 * new code: at its address, with its sessions, so that browsers only connect again.
 *
 *   (none) ──start()──► serving ──reload()──► handing over ──► serving ──close()──► closed
 *                          └──ends by itself──► gone
 */
export class DashboardProcess {
  readonly #events: DashboardEvents;
  #options: DashboardOptions | undefined;
  #process: ChildProcess | undefined;
  #link: string | undefined;
  #left: HandedOver | undefined;
  #closing = false;
  #isEndExpected = false;
  /** One reload after the other; what comes meanwhile is one more. */
  #reloading: Promise<void> | undefined;
  #again = false;

  constructor(events: DashboardEvents) {
    this.#events = events;
  }

  async start(options: DashboardOptions): Promise<void> {
    this.#options = options;
    const port = options.port ?? ((await isFree(DEFAULT_PORT)) ? DEFAULT_PORT : 0);
    if (!this.#closing) this.#begin(port, undefined);
  }

  /** Has the code that is there now take the place of the one that is served. */
  reload(): void {
    this.#again = true;
    this.#reloading ??= this.#reload().finally(() => {
      this.#reloading = undefined;
    });
  }

  /** Everything is to end soon, and a signal may have reached the dashboard, too (Ctrl-C, a supervisor): that it goes is no news from now on. */
  expectEnd(): void {
    this.#isEndExpected = true;
  }

  close(): void {
    this.#closing = true;
    this.#process?.kill('SIGTERM');
  }

  async #reload(): Promise<void> {
    while (this.#again && !this.#closing) {
      this.#again = false;
      const old = this.#process;
      if (old === undefined) return;
      // One that does not serve yet was to go on with what the one before it left.
      this.#left = (await leftBy(old)) ?? this.#left;
      if (this.#closing) return;
      this.#process = undefined;
      await ended(old);
      if (!this.#closing) this.#begin(this.#left?.port ?? this.#options?.port ?? 0, this.#left);
    }
  }

  #begin(port: number, before: HandedOver | undefined): void {
    const { config, store } = this.#options ?? {};
    const where = [...flag('--config', config), ...flag('--store', store)];
    const child = fork(CHILD, ['dashboard', '--json', '--port', String(port), ...where], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#process = child;
    child.send({ before }, () => undefined);
    let last = '';
    createInterface({ input: child.stdout as Readable }).on('line', (line) => {
      const { link } = parse(line);
      if (typeof link !== 'string' || link === this.#link) return;
      this.#link = link;
      this.#events.link(link);
    });
    createInterface({ input: child.stderr as Readable }).on('line', (line) => {
      last = line;
    });
    child.once('error', (error) => this.#gone(child, error.message));
    child.once('close', (code, signal) => {
      const { error } = parse(last);
      const said = (error as { readonly message?: unknown } | undefined)?.message ?? last;
      this.#gone(child, String(said) || `it ended (${signal ?? `exit code ${code}`})`);
    });
  }

  #gone(child: ChildProcess, why: string): void {
    if (this.#process !== child) return;
    const isNews = !this.#closing;
    this.#closing = true;
    // What ended it may have been sent to this process as well, and be heard here a moment later.
    if (isNews) systemClock.schedule(SIGNAL_MS, () => this.#isEndExpected || this.#events.gone(why));
  }
}

/** What a dashboard leaves; undefined when it does not serve yet, or does not answer. */
async function leftBy(child: ChildProcess): Promise<HandedOver | undefined> {
  const answer = Promise.withResolvers<HandedOver | undefined>();
  const hear = (message: unknown): void =>
    answer.resolve((message as { readonly left?: HandedOver } | undefined)?.left);
  const over = (): void => answer.resolve(undefined);
  const timer = systemClock.schedule(HAND_OVER_MS, over);
  child.once('message', hear);
  child.once('close', over);
  child.send({ ask: true }, (error) => (error === null ? undefined : over()));
  const left = await answer.promise;
  timer.cancel();
  child.off('message', hear);
  child.off('close', over);
  return left;
}

/** Ends it, and waits for that. */
async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'close');
  child.kill('SIGTERM');
  const timer = systemClock.schedule(HAND_OVER_MS, () => child.kill('SIGKILL'));
  await closed;
  timer.cancel();
}

const flag = (name: string, value: string | undefined): readonly string[] => (value === undefined ? [] : [name, value]);

function parse(line: string): Readonly<Record<string, unknown>> {
  try {
    return (JSON.parse(line) ?? {}) as Readonly<Record<string, unknown>>;
  } catch {
    return {};
  }
}

function isFree(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const server = createServer();
  server.once('error', () => resolve(false));
  server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  return promise;
}
