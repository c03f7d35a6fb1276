import { type Labels, RepriseError, type StrategyOption, visibleText } from '@reprise/core';
import { openProject } from '../drive/open-project.ts';
import { Relay } from '../drive/relay.ts';
import { type InputFlags, readInput, readStrategyFile } from '../input/read-input.ts';
import type { Terminal } from '../output/terminal.ts';
import { chosenOf } from '../workflows/pick-workflow.ts';
import { readBudget } from './budget-flags.ts';
import { carryOut, type WaitFlags } from './carry-out.ts';
import { type SaidFlags, whoOf } from './said.ts';

export interface StartFlags extends WaitFlags, InputFlags, Pick<SaidFlags, 'by' | 'reason'> {
  readonly id?: string | undefined;
  readonly 'on-conflict'?: 'reject' | 'existing' | 'new' | undefined;
  readonly tenant?: string | undefined;
  readonly label?: readonly string[] | undefined;
  readonly strategy?: readonly string[] | undefined;
  readonly budget?: readonly string[] | undefined;
}

/** Starts a run of the workflow `name` or `name@version`, or of the only one. Returns the exit code. */
export async function startRun(typed: string | undefined, flags: StartFlags, terminal: Terminal): Promise<number> {
  assertNotReserved(flags.id);
  const input = await readInput(flags);
  const strategies = await readStrategies(flags.strategy ?? []);
  const budget = readBudget(flags.budget ?? []);
  const relay = new Relay();
  const opened = await openProject(flags, flags.wait === true || flags.follow === true ? [relay.plugin()] : []);
  const { orchestrator } = opened;
  try {
    // Looked up before anything starts, so that a wrong name moves no other run.
    const { name, version } = chosenOf(orchestrator.workflows, ({ definition }) => definition, typed).definition;
    const { id, tenant, 'on-conflict': onConflict } = flags;
    const labels = labelsOf(flags.label ?? []);
    const options = {
      version,
      ...(id === undefined ? {} : { id }),
      ...(onConflict === undefined ? {} : { onConflict }),
      ...(tenant === undefined ? {} : { tenant }),
      labels,
      ...(Object.keys(strategies).length > 0 && { strategies }),
      ...(budget && { budget }),
      ...whoOf({ by: flags.by, reason: flags.reason }),
    };
    return await carryOut(opened, relay, () => orchestrator.startRun(name, input, options), flags, terminal);
  } finally {
    await orchestrator.stop();
  }
}

/** `[BLOCK=]NAME` or `[BLOCK=]@FILE` each. Throws REPRISE_USAGE; what there is, and what a strategy accepts, is the core's to say. */
async function readStrategies(given: readonly string[]): Promise<Readonly<Record<string, StrategyOption>>> {
  const strategies = new Map<string, StrategyOption>();
  for (const one of given) {
    const at = one.indexOf('=');
    const block = at < 0 ? '' : one.slice(0, at);
    const said = one.slice(at + 1);
    if (strategies.has(block))
      throw new RepriseError(
        'REPRISE_USAGE',
        `--strategy ${visibleText(one)}: ${at < 0 ? 'that of the run' : `that of ${visibleText(block)}`} is given twice.`,
      );
    strategies.set(block, said.startsWith('@') ? await strategyIn(said.slice(1), one) : said);
  }
  return Object.fromEntries(strategies);
}

async function strategyIn(file: string, flag: string): Promise<StrategyOption> {
  const value = await readStrategyFile(file);
  const isNamed = typeof value === 'object' && value !== null && !Array.isArray(value) && 'name' in value;
  if (isNamed) return value as StrategyOption;
  throw new RepriseError('REPRISE_USAGE', `--strategy ${visibleText(flag)}: the file has no object { "name": … }.`);
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
