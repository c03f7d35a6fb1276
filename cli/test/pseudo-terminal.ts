import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { BIN } from './support.ts';

/** Gives its command a terminal, and passes on what is typed (stdin) and what is shown (stdout). Ends as the command does. */
const HOST = `
import fcntl, os, pty, select, struct, sys, termios
columns, rows, *command = sys.argv[1:]
pid, master = pty.fork()
if pid == 0:
    os.execvp(command[0], command)
fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack('HHHH', int(rows), int(columns), 0, 0))
inputs = [master, 0]
while True:
    ready, _, _ = select.select(inputs, [], [])
    if 0 in ready:
        typed = os.read(0, 1024)
        if typed: os.write(master, typed)
        else: inputs = [master]
    if master in ready:
        try: shown = os.read(master, 65536)
        except OSError: break
        if not shown: break
        while shown: shown = shown[os.write(1, shown):]
_, status = os.waitpid(pid, 0)
sys.exit(os.waitstatus_to_exitcode(status) & 255)
`;

/** Why there is no pseudo-terminal here; undefined where there is one. */
export const noTerminal: string | undefined =
  process.platform === 'win32' || spawnSync('python3', ['-c', 'import pty, os; os.waitstatus_to_exitcode']).status !== 0
    ? 'no pseudo-terminal here: it needs python3 (3.9 or newer) with its module pty'
    : undefined;

export interface TerminalOptions {
  readonly cwd: string;
  readonly columns: number;
  readonly rows?: number;
  readonly env?: Readonly<Record<string, string>>;
}

const alive = new Set<ChildProcess>();

/** A test that fails must leave no command behind. */
export function endTerminals(): void {
  for (const child of alive) child.kill('SIGKILL');
}

/** `reprise` on a terminal of its own. */
export class OnTerminal {
  /** All that was written. */
  raw = '';
  readonly ended: Promise<number | null>;
  readonly #child: ChildProcess;
  readonly #columns: number;
  #changed = Promise.withResolvers<void>();

  constructor(args: readonly string[], { cwd, columns, rows = 30, env = {} }: TerminalOptions) {
    this.#columns = columns;
    const { PATH = '', HOME = '' } = process.env;
    const command = ['-c', HOST, String(columns), String(rows), process.execPath, BIN, ...args];
    this.#child = spawn('python3', command, { cwd, env: { PATH, HOME, TERM: 'xterm-256color', ...env } });
    alive.add(this.#child);
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.raw += text;
      this.#wake();
    });
    this.ended = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      this.#child.once('close', (code) => {
        alive.delete(this.#child);
        this.#wake();
        resolve(code);
      });
    });
  }

  type(keys: string): void {
    this.#child.stdin?.write(keys);
  }

  /** Waits until what a person sees matches; fails when the command ends before. */
  async shows(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.screen.join('\n'))) {
      if (this.#child.exitCode !== null)
        throw new Error(`it ended without showing ${pattern}:\n${this.screen.join('\n')}`);
      await this.#changed.promise;
    }
  }

  /** What a person sees, scrolled lines included. */
  get screen(): readonly string[] {
    return render(this.raw, this.#columns);
  }

  #wake(): void {
    const { resolve } = this.#changed;
    this.#changed = Promise.withResolvers<void>();
    resolve();
  }
}

const ESCAPE = '\u001b';
const SEQUENCE = new RegExp(`^${ESCAPE}\\[([?\\d;]*)([a-zA-Z])$`);
const SEQUENCES = new RegExp(`${ESCAPE}\\[[?\\d;]*[a-zA-Z]|[\\s\\S]`, 'gu');

/** The sequences that Reprise writes, as a terminal of that width carries them out. Throws for any other. */
export function render(raw: string, columns: number): readonly string[] {
  const lines: string[][] = [[]];
  let row = 0;
  let column = 0;
  for (const [sequence] of raw.matchAll(SEQUENCES)) {
    const [, count = '', action = ''] = SEQUENCE.exec(sequence) ?? [];
    if (sequence === '\r') column = 0;
    else if (sequence === '\n') row += 1;
    else if (action === 'A') row = Math.max(0, row - Number(count));
    else if (action === 'J') lines.length = row + 1;
    if (action === 'J' || action === 'K') lines[row]?.splice(column);
    while (lines.length <= row) lines.push([]);
    if (action !== '' && !'AJKmhl'.includes(action)) throw new Error(`unknown sequence ${JSON.stringify(sequence)}`);
    if (action !== '' || sequence === '\r' || sequence === '\n') continue;
    if (column === columns) {
      row += 1;
      column = 0;
      if (lines.length <= row) lines.push([]);
    }
    const line = lines[row] ?? [];
    while (line.length < column) line.push(' ');
    line[column] = sequence;
    column += 1;
  }
  return lines.map((line) => line.join('').trimEnd());
}
