import { managerAgent } from '@reprise/scheduler-hierarchical';

/** Knows by rules what a model would know by its prompt: see `MANAGER_SYSTEM`, and `@reprise/agent-llm`. */
export const lead = managerAgent({
  name: 'lead',
  decide({ ask, input, ledger, news: [news] }) {
    const { topic } = input as { readonly topic: string };
    if (ask !== 'next' || news === undefined)
      return {
        do: [
          {
            plan: [
              { step: 'research', work: `Find out about ${topic}.`, to: 'researcher', input: { topic } },
              { step: 'draft', work: 'Write it up.', to: 'writer', after: ['research'] },
            ],
          },
        ],
      };
    const { step, status, output } = news;
    const progress = { satisfied: false, progressing: true, looping: false, next: `${step} is ${status}` };
    if (status !== 'completed') return { progress, do: [{ giveUp: `There is no ${step}.` }] };
    if (step === 'research')
      return { progress, facts: { found: (output as readonly string[]).length }, do: [{ accept: step }] };
    const { found } = ledger.facts as { readonly found: number };
    const { sentences } = output as { readonly sentences: number };
    if (sentences < found)
      return { progress, do: [{ reject: step, feedback: `Of ${found} facts it has ${sentences}.` }] };
    return { progress: { ...progress, satisfied: true }, do: [{ accept: step }, { finishWith: step }] };
  },
});
