import { type Labels, RepriseError, visibleText } from '@reprise/core';
import { openProject } from '../drive/open-project.ts';
import { Relay } from '../drive/relay.ts';
import type { Terminal } from '../output/terminal.ts';
import { chosenOf } from '../workflows/pick-workflow.ts';
import { carryOut, type WaitFlags } from './carry-out.ts';
import { readInput } from './read-input.ts';

export interface StartFlags extends WaitFlags {
  readonly input?: string | undefined;
  readonly 'input-file'?: string | undefined;
  readonly id?: string | undefined;
  readonly tenant?: string | undefined;
  readonly label?: readonly string[] | undefined;
}

/** Starts a run of the workflow `name` or `name@version`, or of the only one. Returns the exit code. */
export async function startRun(typed: string | undefined, flags: StartFlags, terminal: Terminal): Promise<number> {
  assertNotReserved(flags.id);
  const input = await readInput(flags);
  const relay = new Relay();
  const opened = await openProject(flags, flags.wait === true || flags.follow === true ? [relay.plugin()] : []);
  const { orchestrator } = opened;
  try {
    // Looked up before anything starts, so that a wrong name moves no other run.
    const { name, version } = chosenOf(orchestrator.workflows, ({ definition }) => definition, typed).definition;
    const { id, tenant } = flags;
    const labels = labelsOf(flags.label ?? []);
    const options = {
      version,
      ...(id === undefined ? {} : { id }),
      ...(tenant === undefined ? {} : { tenant }),
      labels,
    };
    return await carryOut(opened, relay, () => orchestrator.startRun(name, input, options), flags, terminal);
  } finally {
    await orchestrator.stop();
  }
}

/** `KEY=VALUE` each. Throws REPRISE_USAGE; what keys and values may be is the core's to say. */
function labelsOf(given: readonly string[]): Labels {
  const labels = new Map<string, string>();
  for (const one of given) {
    const at = one.indexOf('=');
    if (at < 1) throw new RepriseError('REPRISE_USAGE', `--label ${visibleText(one)}: a label is written KEY=VALUE.`);
    const key = one.slice(0, at);
    if (labels.has(key)) throw new RepriseError('REPRISE_USAGE', `--label ${visibleText(key)} is given twice.`);
    labels.set(key, one.slice(at + 1));
  }
  return Object.fromEntries(labels);
}

/** `last` names the newest run in every command that takes a run. */
function assertNotReserved(id: string | undefined): void {
  if (id?.toLowerCase() !== 'last') return;
  throw new RepriseError('REPRISE_INVALID_ID', `'${id}' is not a valid run id: \`last\` means the newest run.`, {
    fix: 'Choose another id.',
  });
}
