import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

export interface NpmResult {
  readonly code: number | null;
  readonly stdout: string;
  /** What it says of a failure, on one or a few lines. */
  readonly problem: string;
}

export interface NpmOptions {
  readonly cwd: string;
  /** Ends npm, and resolves when it has ended. */
  readonly signal?: AbortSignal;
}

/** No script of a package runs, nothing is asked, and nothing but results and errors is said. */
const ALWAYS = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-progress', '--loglevel=error'];

/** Runs npm to its end. In a process group of its own: a Ctrl-C reaches it by the signal only, so that what is put back is not cut short. */
export function runNpm(args: readonly string[], { cwd, signal }: NpmOptions): Promise<NpmResult> {
  const { promise, resolve } = Promise.withResolvers<NpmResult>();
  const { command, before } = npmCommand();
  const child = spawn(command, [...before, ...args, ...ALWAYS], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: process.platform !== 'win32',
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const stop = (): void => {
    child.kill('SIGTERM');
  };
  if (signal?.aborted === true) stop();
  signal?.addEventListener('abort', stop, { once: true });
  child.once('error', (error) => {
    resolve({ code: null, stdout, problem: `npm could not be run (${error.message}). Is it installed?` });
  });
  child.once('close', (code) => {
    signal?.removeEventListener('abort', stop);
    resolve({ code, stdout, problem: problemOf(stderr, code) });
  });
  return promise;
}

function problemOf(stderr: string, code: number | null): string {
  const lines = stderr
    .split('\n')
    .filter((line) => line.startsWith('npm error') && !/A complete log of this run|^npm error\s*$/.test(line))
    .map((line) => line.replace(/^npm error /, ''));
  return lines.length > 0 ? lines.slice(0, 8).join('\n') : stderr.trim() || `npm ended with code ${code}`;
}

/** npm on the Node that runs this where it is found as a script; on Windows, npm.cmd needs a shell, which would read the arguments. */
function npmCommand(): { readonly command: string; readonly before: readonly string[] } {
  const own = process.env['npm_execpath'];
  if (own !== undefined && /npm-cli\.js$/.test(own) && existsSync(own))
    return { command: process.execPath, before: [own] };
  if (process.platform !== 'win32') return { command: 'npm', before: [] };
  const folders = [dirname(process.execPath), ...(process.env['PATH'] ?? '').split(delimiter)];
  const scripts = folders.map((folder) => join(folder, 'node_modules', 'npm', 'bin', 'npm-cli.js'));
  return { command: process.execPath, before: [scripts.find((file) => existsSync(file)) ?? 'npm-cli.js'] };
}
