import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createReprise, defineAgent, type Json, parseWorkflow } from '@reprise/core';
import { sqliteEventStore } from '@reprise/event-store-sqlite';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';

// An input is in the file once, however many tasks are handed it.

const TASKS = 1000;
const input = {
  list: Array.from({ length: TASKS }, (_, index) => index),
  document: { title: 'the document', text: 'seventeen kilobytes '.repeat(870) },
};

const WORKFLOWS = [
  parseWorkflow(`
name: default
tasks:
${Array.from({ length: TASKS }, (_, n) => `  t${n}: { agent: read }`).join('\n')}`),
  parseWorkflow(`
name: path
tasks:
  each: { agent: read, forEach: { items: input.list, concurrency: 50 }, input: '\${ input.document }' }`),
  parseWorkflow(`
name: template
tasks:
  each:
    agent: read
    forEach: { items: input.list, concurrency: 50 }
    input: { n: '\${ item }', document: '\${ input.document }' }`),
  parseWorkflow(`
name: blocks
tasks:
  each:
    forEach: { items: input.list, concurrency: 50 }
    input: '\${ input }'
    scope:
      read: { agent: read, input: { document: '\${ block.input.document }', n: '\${ item }' } }`),
];

/** In MB: a run has two events more for each block, and a definition of 1,000 tasks is large itself. */
const LIMITS: Readonly<Record<string, number>> = { default: 2, path: 1.5, template: 1.5, blocks: 2 };

describe('a run of 1,000 tasks over one input of 17 KB', function () {
  this.timeout(60_000);
  let folder = '';

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'reprise-large-input-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  for (const { definition } of WORKFLOWS) {
    const { name } = definition;
    const limit = LIMITS[name] ?? 0;
    it(`takes less than ${limit} MB: ${name}`, async () => {
      const path = join(folder, 'events.db');
      const seen = new Set<Json>();
      const read = defineAgent({
        name: 'read',
        handle: ({ input: handed }) => {
          const { text, document } = handed as { text?: string; document?: { text: string } };
          seen.add(text ?? document?.text ?? null);
          return 1;
        },
      });
      const reprise = await createReprise({
        workflows: WORKFLOWS,
        agents: [read],
        plugins: [sqliteEventStore({ path })],
      });
      await reprise.start();
      const run = await reprise.startRun(name, input);
      expect(await run.outcome()).to.include({ status: 'completed' });
      expect((await reprise.runs.replay(run.id)).matches).to.equal(true);
      await reprise.stop();
      expect([...seen], 'what each was handed').to.deep.equal([input.document.text]);
      expect(statSync(path).size).to.be.lessThan(limit * 1_000_000);
    });
  }
});
