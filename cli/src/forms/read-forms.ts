import { EVERYTHING, type FormRow, type FormsRow, RepriseError } from '@reprise/core';
import type { Terminal } from '../output/terminal.ts';
import type { Whereabouts } from '../store/locate-store.ts';
import { withViews } from '../views/open-views.ts';

/** A form that is open, and where. */
export type OpenForm = FormRow & Pick<FormsRow, 'run' | 'workflow'> & { readonly paused: boolean };

const PAGE = 500;

/** The open forms of a store, those of the oldest run first. No run is loaded: they are rows of the view `forms`, which is brought up to date. */
export async function openForms(where: Whereabouts, terminal: Terminal): Promise<readonly OpenForm[]> {
  return withViews(where, terminal, async ({ views }) => {
    await views.start(['forms']);
    await views.reachEnd('forms');
    const found: OpenForm[] = [];
    for (let after: string | undefined; ; ) {
      const page = await views.list('forms', {
        where: EVERYTHING,
        limit: PAGE,
        ...(after === undefined ? {} : { after }),
      });
      for (const { row } of page.rows) {
        const { run, workflow, stopped, forms } = row as unknown as FormsRow;
        for (const form of Object.values(forms)) found.push({ run, workflow, paused: stopped !== undefined, ...form });
      }
      if (page.next === undefined) return found;
      after = page.next;
    }
  });
}

/** The open form of a run that a task is. Throws REPRISE_FORM_NOT_OPEN. */
export async function openForm(run: string, task: string, where: Whereabouts, terminal: Terminal): Promise<OpenForm> {
  const forms = await openForms(where, terminal);
  const form = forms.find((one) => one.run === run && one.task === task);
  if (form !== undefined) return form;
  const others = forms.filter((one) => one.run === run).map((one) => `'${one.task}'`);
  const rest = others.length === 0 ? 'Nothing of it is open.' : `Open are: ${others.slice(0, 10).join(', ')}.`;
  throw new RepriseError('REPRISE_FORM_NOT_OPEN', `'${task}' of run '${run}' is no open form. ${rest}`);
}
