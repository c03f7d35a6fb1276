import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePorts } from './free-ports.ts';

// A Jaeger for tests: Jaeger itself, built from the Go module proxy once, and cached outside the repository. It keeps traces in memory, and has no page, but all of the query API.

const run = promisify(execFile);

const JAEGER = '1.76.0';
const PACKAGE = 'github.com/jaegertracing/jaeger/cmd/jaeger';
/** From nothing it takes up to ten minutes on two cores. */
const BUILD_MS = 1_500_000;
const READY_MS = 30_000;

/** REPRISE_SERVICES names another place. */
const cache = join(
  process.env['REPRISE_SERVICES'] ?? join(homedir(), '.cache', 'reprise-services'),
  `jaeger-${JAEGER}`,
);
const binary = join(cache, process.platform === 'win32' ? 'jaeger.exe' : 'jaeger');

/** The program; builds it if need be. Whole or not at all, whoever else builds it at the same time. */
export async function jaegerBinary(): Promise<string> {
  if (existsSync(binary)) return binary;
  mkdirSync(cache, { recursive: true });
  const scratch = mkdtempSync(join(cache, 'build-'));
  const options = { cwd: scratch, timeout: BUILD_MS, maxBuffer: 64 * 1024 * 1024 };
  try {
    writeFileSync(join(scratch, 'go.mod'), 'module reprise.dev/jaeger\n\ngo 1.26\n');
    const get = ['get', '-tool', `${PACKAGE}@v${JAEGER}`];
    // A mirror may have a bad moment.
    await run('go', get, options).catch(() => run('go', get, options));
    await run('go', ['build', '-p', '2', '-trimpath', '-ldflags', '-s -w', '-o', 'jaeger', PACKAGE], options);
    if (!existsSync(binary)) renameSync(join(scratch, 'jaeger'), binary);
    return binary;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Why no Jaeger is to be had here, in one line, and whether that is for want of Go; undefined when one is. */
export async function lacksJaeger(): Promise<{ readonly why: string; readonly hasGo: boolean } | undefined> {
  if (existsSync(binary)) return undefined;
  try {
    await run('go', ['version']);
  } catch {
    return { why: 'there is no Go (1.24 or newer) to build Jaeger with', hasGo: false };
  }
  try {
    await jaegerBinary();
    return undefined;
  } catch (error) {
    const lines = String((error as { stderr?: string }).stderr || (error as Error).message)
      .trim()
      .split('\n');
    return { why: `Jaeger could not be built (${lines.at(-1)?.slice(0, 200)})`, hasGo: true };
  }
}

/** Read as YAML, of which JSON is a part. */
const settings = ({ query, grpc, otlp, health }: Record<'query' | 'grpc' | 'otlp' | 'health', number>): string =>
  JSON.stringify({
    service: {
      extensions: ['jaeger_storage', 'jaeger_query', 'healthcheckv2'],
      pipelines: { traces: { receivers: ['otlp'], processors: ['batch'], exporters: ['jaeger_storage_exporter'] } },
      telemetry: { resource: { 'service.name': 'jaeger' }, metrics: { level: 'none' }, logs: { level: 'warn' } },
    },
    extensions: {
      healthcheckv2: { use_v2: true, http: { endpoint: `127.0.0.1:${health}` } },
      jaeger_query: {
        storage: { traces: 'mem' },
        http: { endpoint: `127.0.0.1:${query}` },
        grpc: { endpoint: `127.0.0.1:${grpc}` },
      },
      jaeger_storage: { backends: { mem: { memory: { max_traces: 10_000 } } } },
    },
    receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${otlp}` } } } },
    processors: { batch: { timeout: '100ms' } },
    exporters: { jaeger_storage_exporter: { trace_storage: 'mem' } },
  });

/** A Jaeger of its own, on 127.0.0.1. */
export class Jaeger {
  /** Takes OTLP over HTTP. */
  readonly endpoint: string;
  /** Is asked. */
  readonly query: string;
  readonly #folder: string;
  readonly #health: string;
  #process: ChildProcess | undefined;

  private constructor(folder: string, ports: Record<'query' | 'otlp' | 'health', number>) {
    this.#folder = folder;
    this.endpoint = `http://127.0.0.1:${ports.otlp}`;
    this.query = `http://127.0.0.1:${ports.query}`;
    this.#health = `http://127.0.0.1:${ports.health}/status`;
  }

  /** On free ports, but for those that are named. */
  static async open(given: { readonly query?: number; readonly otlp?: number } = {}): Promise<Jaeger> {
    await jaegerBinary();
    const [query = 0, grpc = 0, otlp = 0, health = 0] = await freePorts(4);
    const ports = { query, grpc, otlp, health, ...given };
    const folder = mkdtempSync(join(tmpdir(), 'reprise-jaeger-'));
    writeFileSync(join(folder, 'jaeger.yaml'), settings(ports));
    const jaeger = new Jaeger(folder, ports);
    try {
      await jaeger.start();
      return jaeger;
    } catch (error) {
      await jaeger.stop();
      throw error;
    }
  }

  /** Resolves when it can be asked; it is empty then. */
  async start(): Promise<void> {
    if (this.#process !== undefined) return;
    const log = join(this.#folder, 'jaeger.log');
    const file = openSync(log, 'a');
    const child = spawn(binary, ['--config', `file:${join(this.#folder, 'jaeger.yaml')}`], {
      cwd: this.#folder,
      stdio: ['ignore', file, file],
    });
    this.#process = child;
    const until = Date.now() + READY_MS;
    while (!(await isUp(this.#health))) {
      if (child.exitCode !== null || Date.now() > until)
        throw new Error(`Jaeger did not start: ${readFileSync(log, 'utf8').slice(-500)}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** As `kill -9`: what it has is gone. */
  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

async function isUp(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}
