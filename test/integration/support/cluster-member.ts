import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ClusterOptions, ClusterRole } from './cluster-process.ts';

const PROGRAM = fileURLToPath(new URL('./cluster-process.ts', import.meta.url));
const SECRET = randomBytes(32).toString('base64');

/** A process of a cluster, and the lines that it has said. */
export class Member {
  readonly role: ClusterRole;
  readonly child: ChildProcess;
  readonly lines: string[] = [];

  constructor(role: ClusterRole, options: ClusterOptions) {
    this.role = role;
    const argv = ['--conditions=reprise-source', PROGRAM, role, JSON.stringify(options)];
    const { NODE_OPTIONS: _inherited, ...rest } = process.env;
    // Workers have no secret: they give back what they were handed.
    const env = role === 'orchestrator' ? { ...rest, REPRISE_DISPATCH_SECRET: SECRET } : rest;
    this.child = spawn(process.execPath, argv, { stdio: ['pipe', 'pipe', 'inherit'], env });
    if (this.child.stdout !== null)
      createInterface({ input: this.child.stdout }).on('line', (line) => this.lines.push(line));
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  get runs(): ReadonlySet<string> {
    return new Set(this.lines.flatMap((line) => (line.startsWith('dispatched ') ? [line.slice(11)] : [])));
  }

  /** Has it start these runs. */
  start(runIds: readonly string[]): void {
    for (const id of runIds) this.child.stdin?.write(`${id}\n`);
  }

  kill(): Promise<void> {
    return this.#end('SIGKILL');
  }

  /** In order: it gives back what it has. */
  stop(): Promise<void> {
    return this.#end('SIGTERM');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    if (!this.running) return;
    const ended = once(this.child, 'exit');
    this.child.kill(signal);
    await ended;
  }
}
