import { spawn } from 'node:child_process';
import { ROOT, toolEnvironment } from './repository.mjs';

/**
 * Runs a program to its end and resolves to `{ code, output }`; code 130 when Ctrl-C ended it. The child gets Ctrl-C from
 * the terminal itself, and this process waits for it; with `abrupt`, it is killed then (npm takes its time otherwise).
 * With `capture`, what the child prints is collected instead of shown.
 */
export function run(command, args, { cwd = ROOT, env = {}, capture = false, abrupt = false } = {}) {
  return new Promise((resolve) => {
    const stdio = capture ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'];
    const child = spawn(command, args, { cwd, env: toolEnvironment(env), stdio });
    const output = [];
    let interrupted = false;
    child.stdout?.on('data', (chunk) => output.push(chunk));
    child.stderr?.on('data', (chunk) => output.push(chunk));
    const onInterrupt = () => {
      interrupted = true;
      if (abrupt) child.kill('SIGKILL');
    };
    const onTerminate = () => child.kill('SIGTERM');
    process.on('SIGINT', onInterrupt).on('SIGTERM', onTerminate);
    const end = (code, extra = '') => {
      process.off('SIGINT', onInterrupt).off('SIGTERM', onTerminate);
      resolve({ code, output: Buffer.concat(output).toString('utf8') + extra });
    };
    child.on('error', (error) => end(127, `${command}: ${error.message}\n`));
    child.on('close', (code) => end(interrupted && code !== 0 ? 130 : (code ?? 143)));
  });
}
