import { createRequire } from 'node:module';
import { systemClock } from '@reprise/core/plugin';

interface RequestQueue {
  readonly pending: readonly unknown[];
  readonly throttledUntil: number;
  scheduleCheckPendingRequests(): void;
}

let done = false;

/**
 * kafkajs 2.2.4 arms a timer after each answer, with a delay that is negative unless the broker throttles, which arms the next: 36 ms of
 * processor time a second of an idle client. The check is for requests that wait, so without any there is nothing to be armed.
 */
export function calmKafkajs(): void {
  if (done) return;
  done = true;
  const { prototype } = createRequire(import.meta.url)('kafkajs/src/network/requestQueue') as {
    prototype: RequestQueue;
  };
  const schedule = prototype.scheduleCheckPendingRequests;
  prototype.scheduleCheckPendingRequests = function calm(this: RequestQueue): void {
    if (this.pending.length > 0 || this.throttledUntil > systemClock.now()) schedule.call(this);
  };
}
