import { timingSafeEqual } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { text } from 'node:stream/consumers';
import { isRepriseError, type Orchestrator, type RepriseConfig, workflow } from '@reprise/core';

// #region approval
/** A person decides within two days; after one, the chief is asked, too. Nobody answers: the answer is no. */
export const expense = workflow<{ readonly amount: number; readonly manager: string }>('expense')
  .wait(
    'approved',
    {
      form: 'approval',
      assignee: ({ input }) => input.manager,
      escalate: [{ after: '1d', to: 'chief' }],
      timeout: '2d',
      default: { decision: 'reject', comment: 'nobody answered' },
    },
    { input: ({ input }) => ({ amount: input.amount }) },
  )
  .task('pay', 'bank', { after: 'approved', when: ({ outputs }) => outputs.approved.decision !== 'reject' })
  .build();
// #endregion

// #region reminder
/** Asked once more after a day; given up after a week. The run sleeps, and costs nothing meanwhile. */
export const renewal = workflow<{ readonly customer: string }>('renewal')
  .task('ask', 'mailer')
  .wait('soon', { signal: 'renewed', timeout: '1d', default: null }, { after: 'ask' })
  .task('remind', 'mailer', { after: 'soon', when: ({ outputs }) => outputs.soon === null })
  .wait('late', { signal: 'renewed', timeout: '6d', default: null }, { after: 'remind' })
  .output(({ outputs }) => ({ renewed: outputs.soon ?? outputs.late }))
  .build();
// #endregion

// #region webhook
/** What a payment provider calls: the event becomes a signal of the run that waits for it. Said twice, it counts once. */
export const webhook =
  (reprise: Orchestrator, secret: string): RequestListener =>
  (request, response) => {
    const given = Buffer.from(request.headers.authorization ?? '');
    const wanted = Buffer.from(`Bearer ${secret}`);
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return void response.writeHead(401).end();
    void text(request)
      .then(async (body) => {
        const { id, order, paid } = JSON.parse(body) as { id: string; order: string; paid: boolean };
        await reprise.run(order).signal('paid', { paid }, { requestId: id, by: 'provider' });
        response.writeHead(204).end();
      })
      .catch((error: unknown) => {
        // Durable, or refused: the provider comes again after a 500, and what is said twice is one signal.
        const closed = isRepriseError(error) && ['REPRISE_RUN_NOT_FOUND', 'REPRISE_RUN_CLOSED'].includes(error.code);
        response.writeHead(closed ? 410 : 500).end();
      });
  };

export const order = workflow<{ readonly item: string }>('order')
  .wait('paid', { signal: 'paid', timeout: '3d', default: { paid: false } })
  .task('ship', 'carrier', { after: 'paid' })
  .build();
// #endregion

// #region schedule
export const nightly = workflow<{ readonly day: string }>('nightly').task('report', 'reporter').build();

/** Called by cron, by two machines, or twice: there is one run for each day. */
export async function startNightly(reprise: Orchestrator, now: Date): Promise<string> {
  const day = now.toISOString().slice(0, 10);
  const run = await reprise.startRun(nightly, { day }, { id: `nightly-${day}`, onConflict: 'existing' });
  return run.id;
}
// #endregion

// #region idempotent-start
/** A request that is sent again, since its answer was lost, starts nothing twice. Another order of the same id is refused. */
export async function placeOrder(reprise: Orchestrator, requestId: string, item: string): Promise<string> {
  const run = await reprise.startRun(order, { item }, { requestId });
  return run.id;
}
// #endregion

// #region rate-limit
/** At most eight calls at once, and sixty a minute, over all runs of the process; one at a time for each customer. */
export const limited: RepriseConfig = {
  admission: {
    agents: { bank: { concurrency: 8, rate: { limit: 60, per: '1m', burst: 5 } } },
    labels: { customer: { concurrency: 1 } },
  },
};
// #endregion
