import type { RunView } from '@reprise/core';
import { jsonBlock } from '../output/json-block.ts';
import type { Terminal } from '../output/terminal.ts';
import { briefJson, localTime, plain } from '../output/text.ts';
import type { Whereabouts } from '../store/locate-store.ts';
import { resolveRun } from '../store/resolve-run.ts';
import { withReader } from '../store/with-reader.ts';
import { formShape } from './list-forms.ts';
import { openForm } from './read-forms.ts';

/** Prints an open form: what is asked, about what, and what an answer has to fit. */
export async function showForm(typed: string, task: string, where: Whereabouts, terminal: Terminal): Promise<void> {
  const { out, json } = terminal;
  const state = await withReader(
    where,
    async ({ storage, reader }): Promise<RunView> => reader.state(await resolveRun(storage, reader, typed)),
  );
  const form = await openForm(state.runId, task, where, terminal);
  const input = state.tasks.get(task)?.input ?? null;
  if (json) return out.json({ ...formShape(form), input });
  const { title, assignee, about = input, since, expires, schema } = form;
  await out.line(`${out.style('bold', plain(title ?? task))}  ${plain(form.run)} ${plain(task)}`);
  const facts = [
    ['Asked', assignee === undefined ? 'anybody' : plain(assignee)],
    ['Since', localTime(since)],
    ...(expires === undefined ? [] : [['Expires', form.paused ? 'the run is paused' : localTime(expires)]]),
    ['About', plain(briefJson(about, 200))],
  ];
  for (const [name = '', value = ''] of facts) await out.line(`${name.padEnd(8)} ${value}`);
  await out.line('An answer has to fit');
  for (const line of jsonBlock(schema)) await out.line(line);
}
