import { llmAgent } from '@reprise/agent-llm';
import { type AgentContext, type AgentTask, defineAgent, workflow } from '@reprise/core';

// #region budget
/** What it may use at most is reserved before it is called, what it did use is settled afterwards. */
export const digest = workflow<{ readonly texts: readonly string[] }>('digest', {
  budget: { tokens: 20_000, cost: 0.5, attempts: 40, onBudget: { ask: 'kim', timeout: '1h' } },
})
  .task('summarise', 'model', { forEach: ({ input }) => input.texts, concurrency: 4, maxUsage: { tokens: 4_000 } })
  .task('merge', 'model', { after: 'summarise', maxUsage: { tokens: 4_000 } })
  .build();
// #endregion

// #region model
/** `model` is an agent on any server that speaks OpenAI's protocol: it reports the tokens that it used by itself. */
export const models = llmAgent({
  baseURL: 'http://127.0.0.1:11434/v1',
  model: 'llama3.1',
  agents: { model: { system: 'Summarise what you are given in one sentence.' } },
});
// #endregion

// #region metered
/** Any other client says what it used; thrown or returned, it is on record. */
export const metered = defineAgent({
  name: 'model',
  async handle({ input }: AgentTask<string>, { usage }: AgentContext) {
    const answer = { text: input.slice(0, 40), tokens: Math.ceil(input.length / 4) };
    usage({ tokens: answer.tokens, cost: answer.tokens * 0.000_002 });
    return answer.text;
  },
});
// #endregion

// #region a-b
const reply = defineAgent({
  name: 'reply-a',
  handle: ({ input }: AgentTask<{ readonly question: string }>) => ({ text: `A: ${input.question}`, variant: 'a' }),
});
const replyAnew = defineAgent({
  name: 'reply-b',
  handle: ({ input }: AgentTask<{ readonly question: string }>) => ({ text: `B: ${input.question}`, variant: 'b' }),
});

/** The caller draws the variant (chance has no place in a workflow), and labels the run with it: `reprise run list label.variant:b`. */
export const support = workflow<{ readonly question: string; readonly variant: 'a' | 'b' }>('support')
  .switch('variant', [{ when: ({ input }) => input.variant === 'b', then: 'new' }, { else: 'old' }])
  .task('old', reply, { after: 'variant', input: ({ input }) => ({ question: input.question }) })
  .task('new', replyAnew, { after: 'variant', input: ({ input }) => ({ question: input.question }) })
  .output(({ outputs }) => outputs.new ?? outputs.old)
  .build();
// #endregion

// #region panel
/** Three are asked at once; two answers are enough, and the judge chooses. The third is cancelled. */
export const panel = workflow<{ readonly question: string }>('panel')
  .task('first', 'model-a')
  .task('second', 'model-b')
  .task('third', 'model-c')
  .task('judge', 'judge', { after: ['first', 'second', 'third'], join: 2, rest: 'cancel' })
  .build();
// #endregion
