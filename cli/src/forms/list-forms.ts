import { tableOrFolded } from '../output/table.ts';
import type { Terminal } from '../output/terminal.ts';
import { localTime, plain } from '../output/text.ts';
import type { Whereabouts } from '../store/locate-store.ts';
import { type OpenForm, openForms } from './read-forms.ts';

export interface ListFormsFlags extends Whereabouts {
  readonly assignee?: string | undefined;
  readonly limit: number;
}

/** Prints what waits for an answer. */
export async function listForms(flags: ListFormsFlags, terminal: Terminal): Promise<void> {
  const { out, err, json } = terminal;
  const { assignee, limit } = flags;
  const all = await openForms(flags, terminal);
  const fitting = assignee === undefined ? all : all.filter((form) => form.assignee === assignee);
  const shown = fitting.slice(0, limit);
  if (json) return out.json({ forms: shown.map(formShape), more: fitting.length - shown.length });
  if (shown.length === 0)
    return err.line(assignee === undefined ? 'No form is open.' : `No form is open for '${plain(assignee)}'.`);
  const columns = [
    { title: 'RUN', flexible: true },
    { title: 'TASK', flexible: true },
    { title: 'TITLE', flexible: true },
    { title: 'ASSIGNEE' },
    { title: 'SINCE' },
    { title: 'EXPIRES' },
  ];
  const cells = shown.map(({ run, task, title, assignee: who, since, expires, paused }) => [
    plain(run),
    plain(task),
    plain(title ?? '-'),
    plain(who ?? '-'),
    localTime(since),
    expires === undefined ? '-' : paused ? 'paused' : localTime(expires),
  ]);
  for (const line of tableOrFolded(out, columns, cells)) await out.line(line);
  if (fitting.length > shown.length)
    await err.line(err.style('dim', `${fitting.length - shown.length} more: --limit ${fitting.length}`));
}

/** A form in JSON. Members that are not known are null. */
export const formShape = ({
  run,
  workflow,
  task,
  title,
  assignee,
  about,
  since,
  expires,
  paused,
  schema,
}: OpenForm) => ({
  runId: run,
  workflow,
  taskId: task,
  title: title ?? null,
  assignee: assignee ?? null,
  about: about ?? null,
  since,
  expires: expires ?? null,
  paused,
  schema,
});
