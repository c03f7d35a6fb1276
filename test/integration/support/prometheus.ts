import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, openSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePorts } from './free-ports.ts';

// A Prometheus for tests: that of Debian's package, which is unpacked, not installed, and cached outside the repository.

const run = promisify(execFile);

const READY_MS = 30_000;
const GET_MS = 120_000;

const cache = process.env['REPRISE_SERVICES'] ?? join(homedir(), '.cache', 'reprise-services');
const unpacked = join(cache, 'prometheus-debian');
const binary = join(unpacked, 'usr', 'bin', 'prometheus');

async function get(): Promise<void> {
  if (existsSync(binary)) return;
  mkdirSync(cache, { recursive: true });
  const scratch = mkdtempSync(join(cache, 'prometheus-'));
  try {
    await run('apt-get', ['download', '-q', 'prometheus'], { cwd: scratch, timeout: GET_MS });
    const deb = readdirSync(scratch).find((name) => name.endsWith('.deb')) ?? '';
    await run('dpkg', ['-x', deb, 'out'], { cwd: scratch, timeout: GET_MS });
    if (!existsSync(binary)) renameSync(join(scratch, 'out'), unpacked);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Why no Prometheus is to be had here, in one line; undefined when one is. */
export async function lacksPrometheus(): Promise<string | undefined> {
  try {
    await get();
    return undefined;
  } catch (error) {
    const [first = ''] = String((error as { stderr?: string }).stderr || (error as Error).message).split('\n');
    return `the Debian package of Prometheus cannot be had (${first.slice(0, 120)})`;
  }
}

export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A Prometheus of its own, on 127.0.0.1, that scrapes one address. */
export class Prometheus {
  readonly #folder: string;
  readonly #url: string;
  readonly #process: ChildProcess;

  private constructor(folder: string, url: string, process: ChildProcess) {
    this.#folder = folder;
    this.#url = url;
    this.#process = process;
  }

  /** `target`: `host:port`; `rules`: a file of alerts. */
  static async open(target: string, rules: string): Promise<Prometheus> {
    await get();
    const [port = 0] = await freePorts(1);
    const folder = mkdtempSync(join(tmpdir(), 'reprise-prometheus-'));
    const config = {
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: [rules],
      scrape_configs: [{ job_name: 'reprise', static_configs: [{ targets: [target] }] }],
    };
    // JSON is YAML.
    writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify(config));
    const log = openSync(join(folder, 'prometheus.log'), 'a');
    const args = [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ];
    const child = spawn(binary, args, { cwd: folder, stdio: ['ignore', log, log] });
    const prometheus = new Prometheus(folder, `http://127.0.0.1:${port}`, child);
    const until = Date.now() + READY_MS;
    while (
      !(await fetch(`${prometheus.#url}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      ))
    ) {
      if (child.exitCode !== null || Date.now() > until) {
        await prometheus.stop();
        throw new Error('Prometheus did not start.');
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return prometheus;
  }

  async query(expression: string): Promise<readonly Sample[]> {
    const { data } = (await this.#ask(`query?query=${encodeURIComponent(expression)}`)) as {
      readonly data: {
        readonly result: readonly { readonly metric: Sample['metric']; readonly value: readonly [number, string] }[];
      };
    };
    return data.result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
  }

  /** Names of all metrics that it has. */
  async names(): Promise<readonly string[]> {
    const { data } = (await this.#ask('label/__name__/values')) as { readonly data: readonly string[] };
    return data;
  }

  /** Of each rule, its name and what is wrong with it; '' when nothing is. */
  async rules(): Promise<readonly { readonly name: string; readonly health: string; readonly lastError?: string }[]> {
    const { data } = (await this.#ask('rules')) as {
      readonly data: {
        readonly groups: readonly { readonly rules: readonly { name: string; health: string; lastError?: string }[] }[];
      };
    };
    return data.groups.flatMap(({ rules }) => rules);
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const ended = once(this.#process, 'exit');
      this.#process.kill('SIGKILL');
      await ended;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #ask(path: string): Promise<unknown> {
    const response = await fetch(`${this.#url}/api/v1/${path}`);
    if (!response.ok) throw new Error(`Prometheus says ${response.status}: ${await response.text()}`);
    return response.json();
  }
}
