import { type Json, type JsonObject, parseWorkflow } from '@reprise/core';
import type { Stage, Work } from './recorder.ts';
import type { Scenario } from './scenario.ts';

// By rules 3: blocks, waits, child runs, joins, loops, and what undoes.

const BOOKING = parseWorkflow(`
name: booking
tasks:
  order: { set: { who: "\${ input.who }", nights: "\${ input.nights }" } }
  route:
    after: order
    switch: [{ when: "size(outputs.order.nights) > 0", then: trip }, { else: nothing }]
  nothing: { end: { output: { booked: false } }, after: route }
  trip:
    after: route
    input: "\${ outputs.order }"
    scope:
      hotel: { agent: booker, input: { book: hotel, who: "\${ block.input.who }" }, compensate: { agent: refunder } }
      flight:
        agent: booker
        after: hotel
        input: { book: flight }
        compensate: { agent: refunder, input: { undo: "\${ output }" }, retry: { maxAttempts: 2, initialDelay: 1s, jitter: 0 } }
      pay:
        agent: payer
        after: flight
        retry: 1
        input: { card: "\${ feedback == null ? 'old' : feedback.output.card }" }
    catch:
      - on: { code: DECLINED, task: pay }
        do: { card: { wait: { signal: new-card } } }
        then: retry
        max: 2
  nights:
    after: trip
    forEach: { items: outputs.order.nights, concurrency: 2 }
    scope:
      ask: { agent: lister, input: { night: "\${ item }", place: "\${ index }" } }
      rest: { sleep: 5s, after: ask }
      note: { set: "\${ outputs.ask }", after: rest }
  approved: { after: nights, wait: { signal: approved, timeout: 1m, default: { ok: true } } }
  review:
    after: approved
    scope:
      draft: { agent: writer, input: { last: "\${ feedback }" } }
      check: { agent: critic, after: draft }
    loop: { while: "round < 9", until: output.good, max: 3, feedback: "\${ output.text }" }
  polish: { agent: writer, after: review, input: { last: "\${ feedback }" } }
  shine: { agent: critic, after: polish, repeat: { from: polish, until: output.good, max: 3 } }
  fast: { agent: lister, after: shine, input: 1 }
  slow:
    after: shine
    scope:
      begin: { agent: booker, input: { book: car }, compensate: refunder }
      linger: { agent: lingerer, after: begin }
  lazy: { agent: lingerer, after: shine }
  first: { after: [fast, slow, lazy], join: any, rest: cancel, set: { fast: "\${ outputs.fast }", lazy: "\${ outputs.lazy }" } }
  early:
    after: first
    scope:
      pending: { agent: refuser, input: 1, retry: 1, compensate: refunder }
      unneeded: { agent: lingerer, after: pending }
      quick: { agent: lister, input: 1 }
      done: { end: { output: enough }, after: quick }
  lost:
    after: early
    timeout: 1m
    fallback: { value: none }
    scope:
      vague: { agent: lingerer, retry: 1, timeout: { attempt: 1s }, compensate: refunder, fallback: { value: unclear } }
      never: { wait: { signal: never }, after: vague }
output: { first: "\${ outputs.first }", nights: "\${ outputs.nights }", early: "\${ outputs.early }", lost: "\${ outputs.lost }" }
catch:
  - { on: { code: NOBODY }, then: continue, output: nothing }
`);

const bookingWork: Readonly<Record<string, Work>> = {
  booker: ({ input }: { input: JsonObject }) => ({ booked: input['book'] ?? null }),
  refunder: ({ taskId, attempt }) => {
    if (taskId.startsWith('trip/flight@') && attempt === 1) throw Object.assign(new Error('later'), { code: 'BUSY' });
    return { undone: taskId };
  },
  payer: ({ input }: { input: { card: string } }) => {
    if (input.card !== 'old') return { paid: input.card };
    throw Object.assign(new Error('The card was declined.'), { code: 'DECLINED', status: 402, retryable: false });
  },
  lister: ({ input }) => input ?? null,
  writer: ({ input, round }: { input: Json; round: number }) => ({ text: `draft ${round}`, of: input }),
  critic: ({ round }) => ({ good: round === 2, text: `round ${round}` }),
  lingerer: async (_task, context, sleep) => {
    await sleep(30_000);
    return context.signal.aborted ? 'late' : 'long';
  },
  refuser: async (_task, _context, sleep) => {
    await sleep(2000);
    throw Object.assign(new Error('no'), { code: 'REFUSED' });
  },
};

const PARENT = parseWorkflow(`
name: parent
tasks:
  paid: { agent: booker, compensate: refunder }
  sub:
    workflow: part
    after: paid
    input: { amount: 2 }
    retry: { maxAttempts: 2, initialDelay: 1s, jitter: 0 }
  stay: { workflow: { name: part, version: "1" }, after: sub, input: { amount: 0 } }
  raised: { raise: { code: NO_MORE, message: "\${ 'none of ' + string(outputs.sub.amount) }", status: 404, details: { left: 0 } }, after: sub, fallback: { task: mend } }
  mend: { set: mended }
output: "\${ outputs.stay }"
`);

const PART = parseWorkflow(`
name: part
tasks:
  work: { agent: worker }
  hold: { wait: { signal: go }, after: work, when: "input.amount == 0" }
output: { amount: "\${ input.amount }" }
`);

const partWork: Readonly<Record<string, Work>> = {
  booker: () => ({ booked: true }),
  refunder: ({ input }) => input ?? null,
};

/** A run whose first child fails, whose second completes, and which is cancelled while its third one waits. */
async function playFamily(stage: Stage): Promise<string> {
  let calls = 0;
  const worker: Work = ({ input }) => {
    calls += 1;
    if (calls > 1) return input ?? null;
    throw Object.assign(new Error('not yet'), { code: 'NOT_YET', retryable: false });
  };
  const reprise = await stage.start([PARENT, PART], { ...partWork, worker });
  const run = await reprise.startRun(PARENT, null, { id: 'parent-1' });
  const mended = async (): Promise<boolean> =>
    (await stage.history('parent-1')).some(({ data }) => data['via'] === 'fallback-task');
  await stage.until(mended);
  await stage.time.quiet();
  await run.cancel('no longer wanted');
  await stage.toEnd('parent-1');
  return 'parent-1';
}

/** The id of the child run of a task's attempt. */
async function childOf(stage: Stage, runId: string, taskId: string, attempt: number): Promise<string> {
  const entered = (await stage.history(runId)).find(
    ({ type, data }) => type === 'TaskEntered' && data['taskId'] === taskId && data['attempt'] === attempt,
  );
  const child = entered?.data['child'];
  if (typeof child !== 'string') throw new Error(`'${taskId}' has no child run.`);
  return child;
}

export const SCENARIOS_OF_BLOCKS: Readonly<Record<string, Scenario>> = {
  booking: {
    about:
      'A saga whose payment was declined, undone and made again with the card that a signal brought; a list of blocks, a loop, a repeat, a wait in vain, sleeps, a switch, a race whose losers were given up (one of them undone), a block that an end ended while an attempt was awaited, one whose time was up with an unclear effect.',
    async play(stage) {
      const runId = 'booking-1';
      const reprise = await stage.start(BOOKING, bookingWork);
      const run = await reprise.startRun(BOOKING, { who: 'kim', nights: ['mon', 'tue', 'wed'] }, { id: runId });
      const caught = async (): Promise<boolean> =>
        (await stage.history(runId)).some(({ type }) => type === 'ScopeCaught');
      await stage.until(caught);
      await run.signal('new-card', { card: 'new' }, { requestId: 'card-1' });
      await run.signal('unheard', null, { requestId: 'unheard-1' });
      await stage.toEnd(runId);
      return runId;
    },
  },
  parent: {
    about:
      'Cancelled while a child run waited, which was told and awaited; what was paid was undone. Its first child had failed and the second completed.',
    play: playFamily,
  },
  child: {
    about: 'The child run of parent.ndjson that was cancelled with it.',
    async play(stage) {
      return childOf(stage, await playFamily(stage), 'stay', 1);
    },
  },
};
