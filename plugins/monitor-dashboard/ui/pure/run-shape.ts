import type { RunView } from '@reprise/core/fold';

type Plain = Readonly<Record<string, unknown>>;

/** What a fold says of a run, as a plain object whose parts can be compared: tasks by id, mailboxes, budgets. Revision and time, which every event changes, are left out. */
export function shapeOf(view: RunView): Plain {
  const { runId, definition, rules, input, output, status, error, cancelReason, parked, pausedBy, closing } = view;
  const { tenant, labels, parent, lineage, startedAt, endedAt, readyCount, inFlight } = view;
  const { tasks, mailboxes, subscriptions, budgets, ledgers } = view;
  return known({
    status,
    runId,
    workflow: definition.name,
    version: definition.version,
    rules,
    input,
    output,
    error,
    cancelReason,
    parked,
    pausedBy: pausedBy.length === 0 ? undefined : pausedBy,
    closing,
    tenant,
    labels: Object.keys(labels).length === 0 ? undefined : labels,
    parent,
    lineage,
    startedAt,
    endedAt,
    readyCount,
    inFlight,
    tasks: byName(tasks, (task) => known({ ...task })),
    mailboxes: byName(mailboxes, (mailbox) => mailbox),
    subscriptions: byName(subscriptions, (all) => byName(all, (one) => one)),
    budgets: byName(budgets, (budget) => budget),
    ledgers: byName(ledgers, (ledger) => ledger),
  });
}

/** Without members that are undefined. */
const known = (value: Plain): Plain => Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined));

/** Without a prototype: ids may be called as they like. */
function byName<Value>(all: ReadonlyMap<string, Value>, show: (value: Value) => unknown): Plain {
  const found = Object.create(null) as Record<string, unknown>;
  for (const [name, value] of all) found[name] = show(value);
  return found;
}
