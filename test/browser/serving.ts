import { type SpawnOptions, spawn } from 'node:child_process';
import { join } from 'node:path';

const CLI = join(import.meta.dirname, '..', '..', 'cli', 'bin', 'run.js');

/** `reprise dashboard` over a store, in a process of its own, as a user starts it; `use` gets its link. `node`: arguments of Node's own. */
export async function servingDashboard(
  {
    store,
    args = [],
    node = [],
    ...at
  }: { store: string; args?: readonly string[]; node?: readonly string[] } & Pick<SpawnOptions, 'cwd' | 'env'>,
  use: (link: string) => Promise<void>,
): Promise<void> {
  const all = [...node, CLI, 'dashboard', '--store', store, '--port', '0', '--json', ...args];
  const child = spawn(process.execPath, all, { ...at, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  try {
    const link = await new Promise<string>((resolve, reject) => {
      child.stdout
        .setEncoding('utf8')
        .once('data', (line: string) => resolve((JSON.parse(line) as { link: string }).link));
      void ended.then(() => reject(new Error('the dashboard did not start')));
    });
    await use(link);
  } finally {
    child.kill('SIGTERM');
    await ended;
  }
}
