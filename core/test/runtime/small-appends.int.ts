import { defineAgent, isRepriseError, type Json, parseWorkflow, RepriseError } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { changedStore, eventsOf, lastingStore, only, orchestrators, storePlugin } from './support.ts';

const KIB = 1024;
const MOST = 256 * KIB;

const BY_TENS = parseWorkflow(`
name: by-tens
tasks:
  each: { agent: writer, forEach: { items: input, concurrency: 10 } }
  all: { set: "\${ size(outputs.each) }", after: each }
`);

/** The second task is handed what a condition computed, so that it is recorded once more. */
const HANDED_ON = parseWorkflow(`
name: handed-on
tasks:
  first: { agent: writer }
  second: { agent: taker, after: first, input: { text: "\${ outputs.first.text + '!' }" } }
  third: { agent: taker, after: first, input: { text: "\${ outputs.first.text + '?' }" } }
`);

const ONE = parseWorkflow('{ name: one, tasks: { only: { agent: writer } } }');

const writer = defineAgent({
  name: 'writer',
  handle: ({ input }: { input: Json }) => ({
    text: typeof input === 'number' ? 'x'.repeat(input * KIB) : '€'.repeat(Number(input) * KIB),
  }),
});
const taker = defineAgent({ name: 'taker', handle: ({ input }: { input: { text: string } }) => input.text.length });

describe('A store that takes little at once', () => {
  const { start } = orchestrators();

  /** As EventStoreDB does: what is larger than it announced is refused. */
  const open = async () => {
    const sizes: number[] = [];
    const store = lastingStore();
    const { append } = store.events;
    const small = changedStore(store, {
      maxAppendBytes: MOST,
      append: async (stream, events, ...rest) => {
        const size = Buffer.byteLength(JSON.stringify(events));
        if (size > MOST) throw new RepriseError('REPRISE_STORE_TOO_LARGE', `${size} bytes`);
        sizes.push(size);
        return append(stream, events, ...rest);
      },
    });
    const reprise = await start({
      plugins: [storePlugin(small)],
      workflows: [BY_TENS, HANDED_ON, ONE],
      agents: [writer, taker],
    });
    return { reprise, sizes };
  };

  it('is given a turn in several appends: ten results of 100 KiB that come together', async () => {
    const { reprise, sizes } = await open();
    const run = await reprise.startRun(
      BY_TENS,
      Array.from({ length: 20 }, () => 100),
    );
    expect(await run.result()).to.equal(20);
    expect(Math.max(...sizes)).to.be.above(100 * KIB);
    expect((await reprise.runs.replay(run.id)).matches).to.equal(true);
  });

  it('has what a result leads to in an append of its own, where both do not fit into one', async () => {
    const { reprise } = await open();
    const run = await reprise.startRun(HANDED_ON, '40');
    expect(await run.result()).to.deep.equal({ second: 40 * KIB + 1, third: 40 * KIB + 1 });
    const events = await eventsOf(reprise, run.id);
    expect(only(events, 'TaskCompleted')).to.have.length(3);
    expect(only(events, 'TaskAttemptFailed')).to.deep.equal([]);
  });

  it('lets nothing through that it could not keep: a payload is refused where it comes from', async () => {
    const { reprise } = await open();
    const failed = await (await reprise.startRun(ONE, 250)).outcome();
    expect(failed.status === 'failed' && failed.error.details?.code).to.equal('REPRISE_PAYLOAD_TOO_LARGE');
    const refused = await reprise.startRun(ONE, 'x'.repeat(MOST)).catch((error: unknown) => error);
    expect(isRepriseError(refused, 'REPRISE_PAYLOAD_TOO_LARGE')).to.equal(true);
    // Within the limit as characters, beyond it as bytes.
    const wide = await reprise.startRun(ONE, '€'.repeat(200 * KIB)).catch((error: unknown) => error);
    expect(isRepriseError(wide, 'REPRISE_STORE_TOO_LARGE')).to.equal(true);
  });
});
