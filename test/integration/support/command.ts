import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';

const BIN = join(resolve(import.meta.dirname, '..', '..', '..'), 'cli', 'bin', 'run.js');

/** A command of the command line, or another program of Node, in a process of its own: its output so far, and its end. */
export class Command {
  readonly child: ChildProcess;
  /** Both streams, as they come. */
  output = '';
  stdout = '';
  readonly ended: Promise<number | null>;

  constructor(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv, program = BIN) {
    const { PATH, HOME } = process.env;
    this.child = spawn(process.execPath, [program, ...args], {
      cwd,
      env: { PATH, HOME, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
      this.output += text;
    });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.output += text;
    });
    this.ended = once(this.child, 'close').then(([code]) => code as number | null);
  }

  /** Waits until the output has it; fails when the command ends before. */
  async saw(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.output);
      if (found !== null) return found;
      if (this.child.exitCode !== null) throw new Error(`it ended without saying ${pattern}:\n${this.output}`);
      await new Promise((done) => setTimeout(done, 20));
    }
  }
}
