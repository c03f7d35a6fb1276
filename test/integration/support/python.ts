import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../../architecture/support/tools.ts';

const run = promisify(execFile);

export const WORKER_FOLDER = join(ROOT, 'docs/examples/python-worker');
const INSTALL_MS = 120_000;

export interface Python {
  readonly program: string;
  remove(): void;
}

/** Python with the client of the example, in a folder of its own; or why it cannot be had, in one line. */
export async function pythonWithClient(): Promise<Python | string> {
  const folder = mkdtempSync(join(tmpdir(), 'reprise-python-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    await run('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 9))']);
    await run('python3', ['-m', 'venv', folder], { timeout: INSTALL_MS });
    const program = join(folder, 'bin', 'python');
    const requirements = join(WORKER_FOLDER, 'requirements.txt');
    const install = ['-m', 'pip', 'install', '-q', '--only-binary', ':all:', '-r', requirements];
    await run(program, install, { timeout: INSTALL_MS });
    return { program, remove };
  } catch (error) {
    remove();
    const [first = ''] = String((error as { stderr?: string }).stderr || (error as Error).message).split('\n');
    return `Python 3.9 with its Kafka client cannot be had (${first.slice(0, 120)})`;
  }
}
