import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createReprise,
  defineAgent,
  type Json,
  type Orchestrator,
  parseWorkflow,
  type RepriseConfig,
  sleep,
} from '@reprise/core';
import { sqliteEventStore } from '@reprise/event-store-sqlite';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';

const WORKFLOWS = [
  parseWorkflow(`
name: context
tasks:
  each: { agent: first, forEach: { items: 'input.list.map(i, {"doc": i, "context": input.big})' } }
`),
  parseWorkflow('name: outputs\ntasks:\n  each: { agent: grow, forEach: input.list }\n'),
  parseWorkflow(`
name: one-input
tasks:
  take: { agent: first, input: '\${ input.list.map(i, {"a": input.big}) }', retry: 1 }
`),
  parseWorkflow(`
name: one-output
tasks:
  take: { agent: small }
output: '\${ input.list.map(i, {"a": input.big}) }'
`),
];

const range = (length: number): number[] => Array.from({ length }, (_, index) => index);

describe('a run of any size ends', function () {
  this.timeout(180_000);
  let folder = '';
  let path = '';
  const opened: Orchestrator[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'reprise-size-'));
    path = join(folder, 'events.db');
  });
  afterEach(async () => {
    for (const one of opened.splice(0)) await one.stop({ drainMs: 0 });
    rmSync(folder, { recursive: true, force: true });
  });

  async function open(limits: RepriseConfig['limits'] = {}): Promise<Orchestrator> {
    const agents = [
      defineAgent({ name: 'first', handle: ({ input }) => (input as { doc: number }).doc ?? null }),
      defineAgent({ name: 'grow', handle: ({ input }) => 'x'.repeat(900_000) + String(input) }),
      defineAgent({ name: 'small', handle: () => 1 }),
    ];
    const reprise = await createReprise({
      plugins: [sqliteEventStore({ path })],
      workflows: WORKFLOWS,
      agents,
      limits,
    });
    opened.push(reprise);
    await reprise.start();
    return reprise;
  }

  it('950 items that share 300 KB of context complete', async () => {
    const reprise = await open();
    const run = await reprise.startRun('context', { list: range(950), big: 'y'.repeat(300_000) });
    expect(await run.result()).to.deep.equal(range(950));
    expect((await reprise.runs.replay(run.id)).matches).to.equal(true);
  });

  it('620 outputs of 900 KB complete', async () => {
    const reprise = await open();
    const run = await reprise.startRun('outputs', { list: range(620) });
    expect((await run.result()) as Json[]).to.have.length(620);
  });

  it('can be cancelled in the middle, and goes on after a restart in the middle of its list', async () => {
    const input = { list: range(950), big: 'y'.repeat(300_000) };
    const first = await open();
    const cancelled = await first.startRun('context', input, { id: 'cancelled' });
    await cancelled.cancel('enough');
    expect((await cancelled.outcome()).status).to.equal('cancelled');
    await first.startRun('context', input, { id: 'restarted' });
    await sleep(300);
    await first.stop({ drainMs: 0 });
    const second = await open();
    expect(await second.run('restarted').result()).to.deep.equal(range(950));
    expect((await second.runs.replay('restarted')).matches).to.equal(true);
  });

  it('beyond the limit of a run, fails with what is too large and how to pass it', async () => {
    const reprise = await open({ maxRunChars: 3_000_000 });
    const items = await (await reprise.startRun('context', { list: range(20), big: 'y'.repeat(300_000) })).outcome();
    expect(items).to.have.nested.property('error.details.code', 'REPRISE_RUN_TOO_LARGE');
    expect(items)
      .to.have.nested.property('error.message')
      .that.matches(/items of 'each'.*maxRunChars.*references/);
    const outputs = await (await reprise.startRun('outputs', { list: range(20) })).outcome();
    expect(outputs).to.have.nested.property('error.details.code', 'REPRISE_RUN_TOO_LARGE');
  });

  it('one input or output of 700 references to 900 KB is refused, not an error of the engine', async () => {
    const reprise = await open();
    const input = { list: range(700), big: 'z'.repeat(900_000) };
    const mapped = await (await reprise.startRun('one-input', input)).outcome();
    expect(mapped).to.have.nested.property('error.details.code', 'REPRISE_PAYLOAD_TOO_LARGE');
    const output = await (await reprise.startRun('one-output', input)).outcome();
    expect(output).to.have.nested.property('error.code', 'REPRISE_PAYLOAD_TOO_LARGE');
  });
});
