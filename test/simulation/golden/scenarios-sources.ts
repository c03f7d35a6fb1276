import { type JsonObject, parseWorkflow } from '@reprise/core';
import type { Work } from './recorder.ts';
import type { Scenario } from './scenario.ts';

// By rules 3: inputs and items that are recorded by where they are from.

const REVIEW = parseWorkflow(`
name: review
tasks:
  draft: { agent: writer }
  check: { agent: critic, after: draft, repeat: { from: draft, until: output.good, max: 3 } }
  each:
    after: check
    forEach: { items: input.parts, concurrency: 1 }
    input: { part: "\${ item }", draft: "\${ outputs.draft }", place: "\${ index }" }
    scope:
      read: { agent: reader, compensate: forget }
      note: { agent: reader, after: read, input: "\${ block.input.part.text }", retry: { maxAttempts: 2, initialDelay: 1s, jitter: 0 } }
      weak: { agent: refuser, after: note, retry: 1, fallback: { task: spare } }
      spare: { agent: reader }
  rest: { sleep: 5s, after: check }
  both: { agent: reader, after: [rest, each] }
  last: { agent: refuser, after: both, retry: 1 }
catch:
  - { do: { tell: { agent: reader } }, then: fail }
`);

const reviewWork: Readonly<Record<string, Work>> = {
  writer: ({ round }) => ({ text: `draft ${round} `.repeat(40) }),
  critic: ({ round }) => ({ good: round === 2, text: `round ${round} `.repeat(40) }),
  reader: ({ taskId, attempt, input }) => {
    if (taskId === 'each[1]/note' && attempt === 1) throw Object.assign(new Error('not now'), { code: 'BUSY' });
    return typeof input === 'string' ? { read: input } : { by: taskId, keys: Object.keys(input as JsonObject) };
  },
  refuser: () => {
    throw Object.assign(new Error('no'), { code: 'REFUSED', retryable: false });
  },
  forget: ({ input }) => Object.keys(input as JsonObject),
};

export const SCENARIOS_OF_SOURCES: Readonly<Record<string, Scenario>> = {
  review: {
    about:
      'Failed, and undone: large inputs that are recorded by where they are from. A draft of two rounds, a list of blocks over the input of the run, templates, an attempt that was made again, what stood in, what a sleep handed on, a handler, and what undoes.',
    async play(stage) {
      const runId = 'review-1';
      const reprise = await stage.start(REVIEW, reviewWork);
      const parts = ['one', 'two'].map((name) => ({ name, text: `${name} `.repeat(80) }));
      await reprise.startRun(REVIEW, { parts }, { id: runId });
      await stage.toEnd(runId);
      return runId;
    },
  },
};
