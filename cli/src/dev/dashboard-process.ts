import { type ChildProcess, fork } from 'node:child_process';
import { createServer } from 'node:net';
import { extname } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
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

/** `reprise dashboard` in a process of its own, which goes on while the code of the project is loaded anew: its address and its sessions stay. */
export class DashboardProcess {
  readonly #events: DashboardEvents;
  #process: ChildProcess | undefined;
  #closing = false;

  constructor(events: DashboardEvents) {
    this.#events = events;
  }

  async start({ config, store, port }: DashboardOptions): Promise<void> {
    const chosen = port ?? ((await isFree(DEFAULT_PORT)) ? DEFAULT_PORT : 0);
    if (this.#closing) return;
    const where = [...flag('--config', config), ...flag('--store', store)];
    const child = fork(CHILD, ['dashboard', '--json', '--port', String(chosen), ...where], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#process = child;
    let last = '';
    createInterface({ input: child.stdout as Readable }).on('line', (line) => {
      const { link } = parse(line);
      if (typeof link === 'string') this.#events.link(link);
    });
    createInterface({ input: child.stderr as Readable }).on('line', (line) => {
      last = line;
    });
    child.once('error', (error) => this.#gone(error.message));
    child.once('close', (code, signal) => {
      const { error } = parse(last);
      const said = (error as { readonly message?: unknown } | undefined)?.message ?? last;
      this.#gone(String(said) || `it ended (${signal ?? `exit code ${code}`})`);
    });
  }

  close(): void {
    this.#closing = true;
    this.#process?.kill('SIGTERM');
  }

  #gone(why: string): void {
    if (!this.#closing) this.#events.gone(why);
    this.#closing = true;
  }
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
