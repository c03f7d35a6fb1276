import { type Budget, RepriseError, visibleText } from '@reprise/core';

/** `KIND=N` each, of a run. Throws REPRISE_USAGE; what kinds there are, and what may be said of them, is the core's to say. */
export function readBudget(given: readonly string[]): Budget | undefined {
  const said = given.map((one) => {
    const [, kind, limit] = /^([^=]+)=(.+)$/.exec(one) ?? [];
    return { kind, amount: limit, flag: one };
  });
  return given.length === 0 ? undefined : amountsOf(said, 'a budget is written KIND=N, such as attempts=100');
}

/** `[BLOCK=]KIND=+N` each: by how much the budgets of blocks are raised, by path. Throws REPRISE_USAGE. */
export function readRaises(given: readonly string[]): Readonly<Record<string, Budget>> | undefined {
  const blocks = new Map<string, Amount[]>();
  for (const one of given) {
    const [, path = '', kind, by] = /^(?:(.+)=)?([^=]+)=\+(.+)$/.exec(one) ?? [];
    blocks.set(path, [...(blocks.get(path) ?? []), { kind, amount: by, flag: one }]);
  }
  if (blocks.size === 0) return undefined;
  const form = 'a budget is raised by KIND=+N, or BLOCK=KIND=+N, such as attempts=+50';
  return Object.fromEntries(Array.from(blocks, ([path, amounts]) => [path, amountsOf(amounts, form)]));
}

interface Amount {
  readonly kind: string | undefined;
  readonly amount: string | undefined;
  readonly flag: string;
}

/** `agents.NAME.KIND` is that of one agent. */
const OF_AGENT = /^agents\.(.+)\.([^.]+)$/;

function amountsOf(amounts: readonly Amount[], form: string): Budget {
  const budget = new Map<string, number>();
  const agents = new Map<string, Map<string, number>>();
  for (const { kind, amount, flag } of amounts) {
    const value = Number(amount);
    if (kind === undefined || amount?.trim() === '' || !Number.isFinite(value))
      throw new RepriseError('REPRISE_USAGE', `--budget ${visibleText(flag)}: ${form}.`);
    const [, agent, own] = OF_AGENT.exec(kind) ?? [];
    const into = agent === undefined ? budget : (agents.get(agent) ?? new Map<string, number>());
    if (agent !== undefined) agents.set(agent, into);
    const name = own ?? kind;
    if (into.has(name))
      throw new RepriseError(
        'REPRISE_USAGE',
        `--budget ${visibleText(flag)}: that of ${visibleText(kind)} is given twice.`,
      );
    into.set(name, value);
  }
  const whose = Array.from(agents, ([agent, limits]) => [agent, Object.fromEntries(limits)]);
  return { ...Object.fromEntries(budget), ...(whose.length === 0 ? {} : { agents: Object.fromEntries(whose) }) };
}
