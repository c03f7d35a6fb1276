import { run } from './child.mjs';
import { inRoot, readJson, repositoryNode } from './repository.mjs';

/**
 * Compiled code of all that is loaded, TypeScript without its types included: tests start hundreds of processes of the same sources, and loading is half of what many of them do.
 */
const COMPILE_CACHE = inRoot('node_modules', '.cache', 'compiled');

/** Counts of one run of mocha; `file` is where they are written. One that ends badly without a failed test (a file does not load, a crash) has one failure. */
export async function countedMocha(args, file, env = {}) {
  const program = ['--conditions=reprise-source', inRoot('node_modules', 'mocha', 'bin', 'mocha.js')];
  const reporter = ['--reporter', inRoot('scripts', 'lib', 'counting-reporter.mjs')];
  const { code } = await run(repositoryNode(), [...program, ...reporter, ...args], {
    env: { NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? COMPILE_CACHE, ...env, REPRISE_TEST_COUNTS: file },
  });
  const { passes, failures, pending, failed } = read(file) ?? { passes: 0, failures: 1, pending: 0, failed: [] };
  return { code, failed, passes, failures: code !== 0 && failures === 0 ? 1 : failures, pending };
}

function read(path) {
  try {
    return readJson(path);
  } catch {
    return undefined; // mocha ended before its report
  }
}

/** What failed, and the line of counts, at the end, where whoever reads the last lines of a long log finds it. Sets the exit code. */
export function sayCounts({ failed, passes, failures, pending }) {
  for (const { title, message } of failed)
    process.stdout.write(`FAILED: ${title}\n  ${message.replaceAll('\n', '\n  ')}\n`);
  process.stdout.write(`${passes} passed, ${failures} failed${pending > 0 ? `, ${pending} skipped` : ''}\n`);
  process.exitCode = failures > 0 ? 1 : 0;
}
