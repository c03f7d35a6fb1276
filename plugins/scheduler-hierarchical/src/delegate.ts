import { type JsonObject, literalTemplate, type TeamView } from '@reprise/core/plugin';
import { type Ledger, type Step, stepOf } from './ledger.ts';
import type { Team, Worker } from './spec.ts';

/** The task of a step, as in a workflow. What it comes after stands in it, so that the graph of the run shows it. */
export function taskOf(step: Step, worker: Worker, team: Team, ledger: Ledger, view: TeamView): JsonObject {
  const before = step.after.map((name) => {
    const id = stepOf(ledger, name)?.task ?? name;
    return { name, id, gave: view.tasks.get(id)?.status === 'completed' };
  });
  const after = before.filter(({ gave }) => gave).map(({ id }) => id);
  const results = before.map(({ name, id, gave }) => [name, gave ? `\${ outputs[${JSON.stringify(id)}] }` : null]);
  const input =
    worker.handed === 'input'
      ? literalTemplate(step.input ?? null)
      : {
          goal: literalTemplate(team.goal),
          step: step.step,
          work: literalTemplate(step.work),
          input: literalTemplate(step.input ?? null),
          results: Object.fromEntries(results) as JsonObject,
          // biome-ignore lint/suspicious/noTemplateCurlyInString: CEL, which is asked again when the step is done again.
          feedback: '${ feedback }',
        };
  return { ...worker.performer, ...(after.length > 0 && { after }), input, ...worker.words };
}
