import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { sleep, systemClock } from '@reprise/core';

/** How long a process may take to be ready, in ms. */
const READY_MS = 120_000;
const LOOK_MS = 50;
/** Lines of a log that an error shows. */
const SHOWN = 8;

export interface MemberParts {
  readonly name: string;
  /** What Node runs, and with what. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly log: string;
}

/** One process of a cluster, whose output goes to a file. It leads a group of its own, so that Ctrl-C in the terminal is for whoever started it only. */
export class Member {
  readonly name: string;
  readonly log: string;
  readonly ended: Promise<void>;
  readonly #child: ChildProcess;
  #probes: string | undefined;

  constructor({ name, argv, env, log }: MemberParts) {
    this.name = name;
    this.log = log;
    const file = openSync(log, 'w');
    const { PATH, HOME, TMPDIR } = process.env;
    const kept = Object.entries({ PATH, HOME, TMPDIR }).filter(([, value]) => value !== undefined);
    this.#child = spawn(process.execPath, argv, {
      env: { ...Object.fromEntries(kept), ...env },
      stdio: ['ignore', file, file],
      detached: true,
    });
    closeSync(file);
    this.ended = once(this.#child, 'exit').then(
      () => undefined,
      () => undefined,
    );
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null && this.#child.pid !== undefined;
  }

  /** What became of it. */
  get end(): string {
    if (this.running) return 'runs';
    const { exitCode, signalCode } = this.#child;
    return signalCode === null ? `ended with ${exitCode}` : `was ended by ${signalCode}`;
  }

  /** Waits until its log has it. Rejects when it ends before, or takes too long. */
  async says(pattern: RegExp): Promise<string> {
    return this.#until(() => pattern.exec(readFileSync(this.log, 'utf8'))?.[1], `to say ${pattern.source}`);
  }

  /** Of one with probes: waits until it is ready. */
  async ready(): Promise<void> {
    this.#probes = await this.says(/Probes: (\S+)\/livez/);
    await this.#until(async () => ((await this.isReady()) ? true : undefined), 'to be ready');
  }

  /** Undefined: it has no probes, or is not there yet. */
  async isReady(): Promise<boolean | undefined> {
    if (this.#probes === undefined) return undefined;
    try {
      return (await fetch(`${this.#probes}/readyz`, { signal: AbortSignal.timeout(2000) })).status === 200;
    } catch {
      return false;
    }
  }

  /** Ends it, at once when it takes longer than `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    if (!this.running) return;
    this.#child.kill('SIGTERM');
    // A timer of the clock does not keep this process alive.
    const late = Promise.withResolvers<void>();
    const timer = systemClock.schedule(graceMs, late.resolve);
    await Promise.race([this.ended, late.promise]);
    timer.cancel();
    if (!this.running) return;
    this.#child.kill('SIGKILL');
    await this.ended;
  }

  async #until<T>(look: () => T | undefined | Promise<T | undefined>, what: string): Promise<T> {
    for (let waited = 0; waited < READY_MS; waited += LOOK_MS) {
      const found = await look();
      if (found !== undefined) return found;
      if (!this.running) throw new Error(`${this.name} ${this.end} before it could be asked ${what}.${this.#tail()}`);
      await sleep(LOOK_MS);
    }
    throw new Error(`${this.name} took longer than ${READY_MS / 1000} s ${what}.${this.#tail()}`);
  }

  #tail(): string {
    const lines = readFileSync(this.log, 'utf8').trimEnd().split('\n').slice(-SHOWN);
    return `\n${lines.map((line) => `  ${line.slice(0, 300)}`).join('\n')}\nIts log: ${this.log}`;
  }
}
