import type { RunCost } from './run-diff.ts';

/** Adds up what a run takes. */
export class CostCount {
  events = 0;
  attempts = 0;
  retries = 0;
  failures = 0;
  lost = 0;
  agentMs = 0;
  #first: number | undefined;
  #last = 0;

  event(at: number): void {
    this.events += 1;
    this.#first ??= at;
    this.#last = Math.max(this.#last, at);
  }

  result(): RunCost {
    const { events, attempts, retries, failures, lost, agentMs } = this;
    const wallMs = this.#first === undefined ? 0 : Math.max(0, this.#last - this.#first);
    return { events, attempts, retries, failures, lost, agentMs, wallMs };
  }
}
