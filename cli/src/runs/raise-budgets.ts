import { isRepriseError, RepriseError } from '@reprise/core';
import { sayNobodyDrives } from '../output/nobody-drives.ts';
import { statusText } from '../output/status.ts';
import type { Terminal } from '../output/terminal.ts';
import { plain } from '../output/text.ts';
import { readRaises } from './budget-flags.ts';
import type { WhoFlags } from './change-task.ts';
import { whoOf } from './said.ts';
import { commandRun } from './steer-run.ts';

/** Raises budgets of an open run, block by block: what was raised before one that is refused stays raised, and is named. */
export async function raiseBudgets(
  typed: string,
  flags: WhoFlags & { readonly budget: readonly string[] },
  terminal: Terminal,
): Promise<void> {
  const raises = Object.entries(readRaises(flags.budget) ?? {});
  const { 'request-id': requestId } = flags;
  await commandRun(typed, flags, terminal, {
    shape: () => ({ raised: Object.fromEntries(raises.map(([block, by]) => [block, { ...by }])) }),
    give: async (handle) => {
      const raised: string[] = [];
      for (const [scope, by] of raises) {
        // One request, a command for each block: each has an id of its own.
        const own =
          requestId === undefined ? {} : { requestId: raises.length === 1 ? requestId : `${requestId}/${scope}` };
        try {
          await handle.raiseBudget(by, { scope, ...whoOf(flags), ...own });
        } catch (error) {
          throw raised.length === 0 ? error : partly(error, raised);
        }
        raised.push(scope === '' ? 'the run' : `'${scope}'`);
      }
    },
    say: async ({ runId, status, budgets }, driven) => {
      const { err } = terminal;
      const blocks = raises.map(([block]) => (block === '' ? 'the run' : `'${plain(block)}'`)).join(', ');
      const left = raises.every(([block]) => budgets.has(block)) ? '' : ' What it was for has ended meanwhile.';
      await err.line(
        `Run ${err.style('bold', plain(runId))} may spend more (${blocks}); it is ${statusText(err, status)}.${left}`,
      );
      await sayNobodyDrives(driven, flags, err);
    },
  });
}

function partly(error: unknown, raised: readonly string[]): unknown {
  if (!isRepriseError(error)) return error;
  const message = `${error.message} Raised before it, and so still: ${raised.join(', ')}.`;
  return new RepriseError(error.code, message, { cause: error, details: error.details, fix: error.fix });
}
