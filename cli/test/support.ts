import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { after } from 'mocha';
import type { Sink } from '../src/output/terminal.ts';

const ROOT = resolve(import.meta.dirname, '..', '..');
export const BIN = join(ROOT, 'cli', 'bin', 'run.js');

/** Makes folders that are gone after the suite. */
export function temporaryFolders(): () => string {
  const folder = mkdtempSync(join(tmpdir(), 'reprise-cli-'));
  let made = 0;
  after(() => rmSync(folder, { recursive: true, force: true }));
  return () => {
    made += 1;
    return mkdtempSync(join(folder, `${made}-`));
  };
}

/** Commands that have not ended. A test that fails must leave none behind. */
const alive = new Set<ChildProcess>();

/** Copies of the fixture project, each with a store of its own. */
export function projects(): () => string {
  after(() => {
    for (const child of alive) child.kill('SIGKILL');
  });
  const folders = temporaryFolders();
  return () => {
    const folder = folders();
    cpSync(join(import.meta.dirname, 'fixtures', 'project'), folder, { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'dir');
    return folder;
  };
}

export interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd: string;
  readonly input?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** The environment of a user's shell: nothing of the test runner's. */
const cleanEnvironment = (): NodeJS.ProcessEnv => {
  const names = ['PATH', 'HOME', 'TMPDIR', 'TEMP', 'SystemRoot'];
  return Object.fromEntries(names.map((name) => [name, process.env[name]]).filter(([, value]) => value !== undefined));
};

/** A command that goes on: its output so far, and its end. */
export class Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Result>;
  stdout = '';
  stderr = '';
  #changed = Promise.withResolvers<void>();

  constructor(args: readonly string[], { cwd, input, env }: RunOptions) {
    this.child = spawn(process.execPath, [BIN, ...args], { cwd, env: { ...cleanEnvironment(), ...env } });
    alive.add(this.child);
    this.#collect(this.child.stdout, (text) => {
      this.stdout += text;
    });
    this.#collect(this.child.stderr, (text) => {
      this.stderr += text;
    });
    // A command may end before it has read what it is given.
    this.child.stdin?.on('error', () => undefined);
    this.child.stdin?.end(input ?? '');
    this.ended = new Promise((done, failed) => {
      this.child.once('error', failed);
      this.child.once('close', (code) => {
        alive.delete(this.child);
        this.#changed.resolve();
        done({ code, stdout: this.stdout, stderr: this.stderr });
      });
    });
  }

  /** Waits until the output matches; fails when the command ends before. */
  async saw(pattern: RegExp): Promise<void> {
    for (;;) {
      const said = `${this.stdout}\n${this.stderr}`;
      if (pattern.test(said)) return;
      if (this.child.exitCode !== null) throw new Error(`the command ended without saying ${pattern}:\n${said}`);
      await this.#changed.promise;
    }
  }

  #collect(stream: Readable | null, add: (text: string) => void): void {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      add(text);
      const { resolve: wake } = this.#changed;
      this.#changed = Promise.withResolvers<void>();
      wake();
    });
  }
}

/** Runs `reprise` to its end. */
export const reprise = (args: readonly string[], options: RunOptions): Promise<Result> =>
  new Running(args, options).ended;

/** The lines of NDJSON. */
export const jsonLines = (text: string): Record<string, unknown>[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

/** A stream that keeps what is written to it. */
export class Memory implements Sink {
  text = '';
  readonly isTTY: boolean;
  readonly columns: number;
  readonly rows: number;
  readonly #listeners: ((error: Error & { readonly code?: string }) => void)[] = [];

  constructor(options: { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number } = {}) {
    this.isTTY = options.isTTY ?? false;
    this.columns = options.columns ?? 80;
    this.rows = options.rows ?? 24;
  }

  write(text: string, done?: () => void): boolean {
    this.text += text;
    done?.();
    return true;
  }

  once(): this {
    return this;
  }

  on(_event: 'error', listener: (error: Error & { readonly code?: string }) => void): this {
    this.#listeners.push(listener);
    return this;
  }

  fail(code: string): void {
    for (const listener of this.#listeners) listener(Object.assign(new Error(code), { code }));
  }
}
