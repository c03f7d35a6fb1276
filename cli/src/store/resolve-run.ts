import {
  EVERYTHING,
  isId,
  mailboxRun,
  nearest,
  RepriseError,
  type RunReader,
  runStream,
  runsFrom,
  type Storage,
  withoutMailboxes,
} from '@reprise/core';

const SHOWN = 10;
const LOOKED_AT = 500;

const OF_WORKFLOWS = withoutMailboxes(EVERYTHING);

/**
 * The run that is meant: by its id, by the beginning of its id, as `last` (`@last`), the newest one that is no mailbox, or by the name of a mailbox of no
 * run (`@jobs`). Throws
 * REPRISE_RUN_NOT_FOUND (naming a near one) or REPRISE_RUN_AMBIGUOUS (naming those that fit).
 */
export async function resolveRun(
  { events }: Pick<Storage, 'events'>,
  reader: RunReader,
  typed: string,
): Promise<string> {
  if (isId(typed) && (await events.read(runStream(typed), { limit: 1 })).length > 0) return typed;
  if (typed.startsWith('@') && typed !== '@last') return mailboxNamed(events, typed);
  if (!reader.lists) throw unknown(typed, undefined);
  if (typed === 'last' || typed === '@last') {
    const [newest] = await reader.list({ where: OF_WORKFLOWS, limit: 1 });
    if (newest !== undefined) return newest.runId;
    throw new RepriseError('REPRISE_RUN_NOT_FOUND', 'There are no runs in this store yet.', {
      fix: 'Start one: `reprise run start <workflow>`. To look into another store: --store PATH.',
    });
  }
  const fitting = isId(typed) ? await reader.list({ where: runsFrom(typed), limit: SHOWN + 1 }) : [];
  const [only, ...others] = fitting;
  if (only !== undefined && others.length === 0) return only.runId;
  if (only === undefined) {
    const recent = await reader.list({ where: OF_WORKFLOWS, limit: LOOKED_AT });
    throw unknown(
      typed,
      nearest(
        typed,
        recent.map((run) => run.runId),
      ),
    );
  }
  const lines = fitting.slice(0, SHOWN).map((run) => `  ${run.runId}  ${run.workflow}  ${run.status}`);
  if (fitting.length > SHOWN) lines.push('  and more');
  throw new RepriseError('REPRISE_RUN_AMBIGUOUS', `'${typed}' is the beginning of several runs:\n${lines.join('\n')}`, {
    details: { candidates: fitting.slice(0, SHOWN).map((run) => run.runId) },
  });
}

/** The run that a name of no run is. Of a tenant there is another one of the same name. */
async function mailboxNamed(events: Storage['events'], typed: string): Promise<string> {
  const name = typed.slice(1);
  const runId = isId(name) ? mailboxRun(undefined, name) : undefined;
  if (runId !== undefined && (await events.read(runStream(runId), { limit: 1 })).length > 0) return runId;
  throw new RepriseError(
    'REPRISE_RUN_NOT_FOUND',
    `There is no mailbox '${typed}' in this store, but for those of tenants.`,
    {
      details: { mailbox: typed },
      fix: 'Those that are there, with their ids: `reprise mailbox list`.',
    },
  );
}

function unknown(typed: string, near: string | undefined): RepriseError {
  const hint = near === undefined ? '.' : `; did you mean '${near}'?`;
  return new RepriseError('REPRISE_RUN_NOT_FOUND', `There is no run '${typed}' in this store${hint}`, {
    details: { runId: typed },
  });
}
