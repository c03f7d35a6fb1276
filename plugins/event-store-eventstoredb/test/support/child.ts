import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('./child-program.ts', import.meta.url));

/** A process of its own that runs one of the programs of child-program.ts. */
export class Child {
  readonly process: ChildProcess;
  readonly lines: string[] = [];
  stderr = '';
  readonly #exited: Promise<unknown>;
  #changed = Promise.withResolvers<void>();

  constructor(program: string, options: object) {
    const argv = ['--conditions=reprise-source', PROGRAM, program, JSON.stringify(options)];
    const { NODE_OPTIONS: _inherited, ...env } = process.env;
    this.process = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'pipe'], env });
    this.#exited = once(this.process, 'close');
    if (this.process.stdout !== null) {
      createInterface({ input: this.process.stdout }).on('line', (line) => {
        this.lines.push(line);
        this.#notify();
      });
    }
    this.process.stderr?.on('data', (data: Buffer) => {
      this.stderr += data.toString();
    });
    this.process.once('close', () => this.#notify());
  }

  /** Resolves when the child has printed `count` lines; rejects when it ends before that. */
  async printed(count: number): Promise<void> {
    while (this.lines.length < count) {
      if (this.process.exitCode !== null || this.process.signalCode !== null) {
        throw new Error(`The child ended after ${this.lines.length} lines. ${this.stderr}`);
      }
      await this.#changed.promise;
    }
  }

  async kill(): Promise<void> {
    this.process.kill('SIGKILL');
    await this.#exited;
  }

  #notify(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}
