import { askedAgent } from '../../../shared/agent-version.ts';
import type { RunState } from '../../workflow/state.ts';
import type { AdmissionOptions, LimitOptions } from './options.ts';

/** The run that asks, as far as limits are about it. */
export interface Asker {
  readonly runId: string;
  /** '' when none is named. */
  readonly tenant: string;
  readonly workflow: string;
  readonly labels: Readonly<Record<string, string>>;
}

const NO_LABELS: Readonly<Record<string, string>> = {};

export const askerOf = (state: RunState): Asker => ({
  runId: state.runId,
  tenant: state.tenant ?? '',
  workflow: state.definition.name,
  labels: state.labels ?? NO_LABELS,
});

/** A limit, by a name of its own, which is for people, too. */
export type NamedLimit = readonly [name: string, options: LimitOptions];

const UNLIMITED: LimitOptions = { concurrency: Number.POSITIVE_INFINITY, rate: undefined };

export const agentLimitName = (agent: string): string => `agent '${agent}'`;

/** Whether limits differ from run to run. */
export const areOfRuns = ({ tenants, workflows, labels }: AdmissionOptions): boolean =>
  tenants.size + workflows.size + labels.size > 0;

/** The limits that an attempt has to pass. The agent's is the last. */
export function limitsOf(
  options: AdmissionOptions,
  asker: Asker,
  agent: string,
  capability: string | undefined,
): readonly NamedLimit[] {
  const limits: NamedLimit[] = [];
  const add = (what: string, name: string, of: ReadonlyMap<string, LimitOptions>): void => {
    const limit = of.get(name) ?? of.get('*');
    if (limit !== undefined) limits.push([`${what} '${name}'`, limit]);
  };
  if (options.process !== undefined) limits.push(['process', options.process]);
  add('tenant', asker.tenant, options.tenants);
  add('workflow', asker.workflow, options.workflows);
  for (const [key, value] of Object.entries(asker.labels)) {
    const limit = options.labels.get(key) ?? options.labels.get('*');
    if (limit !== undefined) limits.push([`label ${key} '${value}'`, limit]);
  }
  if (capability !== undefined) add('capability', capability, options.capabilities);
  // What limits an agent limits it in every version.
  const { name, version } = askedAgent(agent);
  const ofAll = version === undefined ? undefined : options.agents.get(name);
  if (ofAll !== undefined) limits.push([agentLimitName(name), ofAll]);
  limits.push([agentLimitName(agent), options.agents.get(agent) ?? options.agents.get('*') ?? UNLIMITED]);
  return limits;
}
