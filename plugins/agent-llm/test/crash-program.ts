// A process that carries out one run, until it ends or is killed: node crash-program.ts STORE SERVER LOG
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { createReprise, defineAgent, parseWorkflow } from '@reprise/core';
import { sqliteEventStore } from '@reprise/event-store-sqlite';
import { llmAgent } from '../src/index.ts';

const [path = '', baseURL = '', log = ''] = process.argv.slice(2);

/** Says that it began. What it is asked to hang in does so the first time. */
const tool = (name: string) =>
  defineAgent({
    name,
    async handle({ input, idempotencyKey }: { input: { q: string }; idempotencyKey: string }) {
      const line = `${name} ${input.q} ${idempotencyKey.split('/').slice(1).join('/')}\n`;
      const isFirst = !existsSync(log) || !readFileSync(log, 'utf8').includes(line);
      appendFileSync(log, line);
      if (input.q === 'hang' && isFirst) await new Promise(() => setInterval(() => undefined, 1000));
      return `did ${input.q}`;
    },
  });

const parameters = { type: 'object', properties: { q: { type: 'string' } }, required: ['q'] };
const reprise = await createReprise({
  plugins: [
    sqliteEventStore({ path }),
    llmAgent({
      baseURL,
      model: 'small',
      agents: { helper: {} },
      tools: {
        note: { agent: 'note', description: 'Notes', parameters },
        pay: { agent: 'pay', description: 'Pays', parameters, task: { delivery: 'at-most-once' } },
      },
    }),
  ],
  agents: [tool('note'), tool('pay')],
  workflows: [
    parseWorkflow('name: w\ntasks: { answer: { scope: { ask: { agent: helper, may: [spawn, finish], input: Go } } } }'),
  ],
});
await reprise.start();
// The ids make it the same run in the next process.
const run = await reprise.startRun('w', null, { id: 'one', requestId: 'one' });
const outcome = await run.outcome();
await reprise.stop();
process.stdout.write(JSON.stringify(outcome));
