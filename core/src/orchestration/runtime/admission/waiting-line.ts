import { Heap } from '../../../shared/heap.ts';

/** One who waits. */
export interface Waiting {
  readonly tenant: string;
  /** When it began to wait, each point of its priority counted as a while before that: the least is first. */
  key: number;
  /** Breaks ties: grows with each that is added. */
  order: number;
  /** Waits no longer; the line drops it when it comes across it. */
  gone: boolean;
}

interface Tenant<T> {
  readonly name: string;
  /** How often it was served, by its weight: start-time fair queueing, each attempt being one unit. */
  served: number;
  readonly waiting: Heap<T>;
}

/**
 * Who waits at a limit, in the order of ADR 10: the tenant that was served least, by weight, then its least key. A tenant that comes back
 * after a while has no claim on what it did not use: it begins where the others are.
 */
export class WaitingLine<T extends Waiting> {
  readonly #weightOf: (tenant: string) => number;
  readonly #tenants = new Map<string, Tenant<T>>();
  /** Each tenant once. Only the first of it is ever changed. */
  readonly #order = new Heap<Tenant<T>>((a, b) => a.served < b.served);
  /** What the tenant that was served last had been served by then. */
  #reached = 0;

  constructor(weightOf: (tenant: string) => number) {
    this.#weightOf = weightOf;
  }

  add(item: T): void {
    let tenant = this.#tenants.get(item.tenant);
    if (tenant === undefined) {
      const waiting = new Heap<T>((a, b) => a.key < b.key || (a.key === b.key && a.order < b.order));
      tenant = { name: item.tenant, served: this.#reached, waiting };
      this.#tenants.set(item.tenant, tenant);
      this.#order.push(tenant);
    }
    tenant.waiting.push(item);
  }

  /** Whose turn it is. */
  peek(): T | undefined {
    return this.#first()?.waiting.peek();
  }

  /** Takes the one whose turn it is. `served`: it got what it waited for, and its tenant is that much further behind the others. */
  shift(served: boolean): T | undefined {
    const tenant = this.#first();
    if (tenant === undefined) return undefined;
    const item = tenant.waiting.pop();
    if (served) {
      this.#order.pop();
      this.#reached = tenant.served;
      tenant.served += 1 / this.#weightOf(tenant.name);
      this.#order.push(tenant);
    }
    return item;
  }

  /** The first tenant of which somebody waits; those before it are forgotten. */
  #first(): Tenant<T> | undefined {
    for (;;) {
      const tenant = this.#order.peek();
      if (tenant === undefined) return undefined;
      while (tenant.waiting.peek()?.gone === true) tenant.waiting.pop();
      if (tenant.waiting.size > 0) return tenant;
      this.#order.pop();
      this.#tenants.delete(tenant.name);
      // What it was served still counts while others are behind it: it may be back in a moment.
      this.#reached = Math.max(this.#reached, tenant.served);
    }
  }
}
