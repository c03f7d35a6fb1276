import { type AgentTask, defineAgent, type Orchestrator, workflow } from '@reprise/core';

// #region retries
/** What went wrong is said by its code; `retryAfterMs` is what the other side asked for. */
class HttpError extends Error {
  readonly code: string;
  readonly retryAfterMs: number | undefined;

  constructor(status: number, retryAfter: string | null) {
    super(`The service answered ${status}`);
    this.code = status === 429 ? 'BUSY' : status >= 500 ? 'DOWN' : 'REFUSED';
    this.retryAfterMs = retryAfter === null ? undefined : Number(retryAfter) * 1000;
  }
}

export const fetchPrice = defineAgent({
  name: 'fetch-price',
  async handle({ input }: AgentTask<{ readonly url: string }>, { signal }) {
    const response = await fetch(input.url, { signal });
    if (!response.ok) throw new HttpError(response.status, response.headers.get('retry-after'));
    return response.text();
  },
});

/** Six attempts: after 1 s, 2 s, 4 s … at most a minute. What is refused is not asked again. */
export const price = workflow<{ readonly url: string }>('price')
  .task('fetch', fetchPrice, {
    retry: { maxAttempts: 6, initialDelay: '1s', factor: 2, maxDelay: '1m', nonRetryable: ['REFUSED'] },
    timeout: { attempt: '10s', task: '5m' },
    fallback: { value: 'unknown' },
  })
  .build();
// #endregion

// #region at-most-once
/** The old terminal knows no idempotency key: it is asked once, whatever happens. */
export const payment = workflow<{ readonly order: string }>('payment')
  .scope('pay', (block) => block.task('charge', 'terminal', { delivery: 'at-most-once' }), {
    catch: [
      {
        // The worker died in between: nobody but the bank knows. A person looks, and says what happened.
        on: { code: 'REPRISE_OUTCOME_UNKNOWN' },
        do: (handler) => handler.wait('looked', { form: 'approval', assignee: 'accounting', timeout: '3d' }),
        then: 'continue',
      },
    ],
  })
  .build();
// #endregion

// #region idempotency
export const charge = defineAgent({
  name: 'charge',
  async handle({ input, idempotencyKey }: AgentTask<{ readonly url: string; readonly cents: number }>, { signal }) {
    // The same over attempts, restarts, retries and plain forks of the run: the service drops what it has seen.
    const headers = { 'idempotency-key': idempotencyKey, 'content-type': 'application/json' };
    const body = JSON.stringify({ cents: input.cents });
    const response = await fetch(input.url, { method: 'POST', headers, body, signal });
    if (!response.ok) throw new Error(`The service answered ${response.status}`);
    return response.json();
  },
});
// #endregion

// #region saga
/** Should the flight fail for good, the hotel is undone; whatever comes later, both are, the last one first. */
export const trip = workflow<{ readonly city: string }>('trip')
  .task('hotel', 'hotels', { compensate: { agent: 'cancel-hotel', retry: 10 } })
  .task('flight', 'airline', { after: 'hotel', compensate: { agent: 'cancel-flight', retry: 10 } })
  .task('pay', 'bank', { after: 'flight', delivery: 'at-most-once', compensate: 'refund' })
  .task('confirm', 'mailer', { after: 'pay' })
  .build();
// #endregion

// #region dead-letters
/** Messages that nobody could take lie in the run, with their cause. What was wrong is mended, and they are delivered again. */
export async function redrive(reprise: Orchestrator, runId: string): Promise<number> {
  const messages = await reprise.runs.messages(runId);
  const dead = messages.filter(({ status }) => status === 'dead').map(({ id }) => id);
  if (dead.length > 0) {
    const said = { by: 'ops', reason: 'the parser is mended' };
    await reprise.run(runId).redriveDeadLetters(dead.slice(0, 256), said);
  }
  return dead.length;
}
// #endregion
