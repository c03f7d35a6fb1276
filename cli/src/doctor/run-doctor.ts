import { visibleText } from '@reprise/core';
import { describeError } from '../errors/describe-error.ts';
import { EXIT } from '../errors/exit-codes.ts';
import type { Terminal } from '../output/terminal.ts';
import { locateStore, type Whereabouts } from '../store/locate-store.ts';
import { type Hands, handsOf } from '../store/run-holds.ts';
import { type Check, type CheckStatus, failed } from './check.ts';
import { checkProject } from './check-project.ts';
import { checkStore } from './check-store.ts';

export interface DoctorFlags extends Whereabouts {
  readonly deep?: boolean;
}

/** Looks at everything that a start needs, and says what to do about what is wrong. Returns the exit code. */
export async function runDoctor(flags: DoctorFlags, { out, json }: Terminal): Promise<number> {
  const { checks: about, project } = await checkProject(flags.config);
  const hands = project === undefined ? undefined : handsOf(project);
  const checks = [...about, ...(await storeChecks(flags, hands))];
  const fails = checks.some(({ status }) => status === 'fail');
  if (json) {
    await out.json({ ok: !fails, checks: checks.map((check) => ({ ...check, fix: check.fix ?? null })) });
    return fails ? EXIT.failed : EXIT.ok;
  }
  const width = Math.max(...checks.map(({ name }) => name.length));
  for (const { name, status, detail, fix } of checks) {
    const [first = '', ...more] = visibleText(detail).split('\n');
    await out.line(`${out.style(COLOURS[status], status.padEnd(4))}  ${name.padEnd(width)}  ${first}`);
    for (const line of more) await out.line(`      ${''.padEnd(width)}  ${line}`);
    if (fix !== undefined && fix !== '')
      await out.line(`      ${''.padEnd(width)}  ${out.style('bold', 'Fix')}: ${fix}`);
  }
  return fails ? EXIT.failed : EXIT.ok;
}

const COLOURS = { ok: 'green', warn: 'yellow', fail: 'red' } as const satisfies Record<CheckStatus, string>;

async function storeChecks(flags: DoctorFlags, hands: Hands | undefined): Promise<readonly Check[]> {
  try {
    const access = await locateStore(flags, process.cwd());
    return await checkStore(access, hands, flags.deep === true);
  } catch (error) {
    const { code } = describeError(error);
    // Said already, about the configuration.
    if (code.startsWith('REPRISE_CONFIG_') || code === 'REPRISE_PLUGIN_INVALID') return [];
    return [failed('store', error)];
  }
}
