import { ATTRIBUTES } from '@reprise/core/plugin';
import type { Fact, Facts } from '../seen-event.ts';
import type { Attributes, Span, SpanEvent, SpanLink } from './span.ts';
import type { SpanPlace } from './trace-ids.ts';

/** Events of one span. */
const MAX_EVENTS = 128;

export interface Opening {
  readonly place: SpanPlace;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly kind?: Span['kind'];
  /** Milliseconds since the Unix epoch. */
  readonly start: number;
  readonly attributes: Readonly<Record<string, Fact | undefined>>;
  readonly links?: readonly SpanLink[];
}

/** A span that has begun. */
export class OpenSpan {
  readonly place: SpanPlace;
  readonly start: number;
  readonly #opening: Opening;
  readonly #attributes: Record<string, Fact> = {};
  readonly #events: SpanEvent[] = [];
  #droppedEvents = 0;

  constructor(opening: Opening) {
    this.#opening = opening;
    this.place = opening.place;
    this.start = opening.start;
    this.set(opening.attributes);
  }

  set(attributes: Readonly<Record<string, Fact | undefined>>): void {
    for (const key in attributes) {
      const value = attributes[key];
      if (value !== undefined) this.#attributes[key] = value;
    }
  }

  event(name: string, time: number, attributes: Readonly<Record<string, Fact | undefined>> = {}): void {
    if (this.#events.length >= MAX_EVENTS) this.#droppedEvents += 1;
    else this.#events.push({ name, time, attributes: present(attributes) });
  }

  /** `error`: what failed, a code; undefined when nothing did. */
  ended(time: number, error?: string): Span {
    const { place, parentSpanId, name, kind = 'internal', start, links = [] } = this.#opening;
    return {
      ...place,
      parentSpanId,
      name,
      kind,
      start,
      end: Math.max(start, time),
      attributes: this.#attributes,
      events: this.#events,
      droppedEvents: this.#droppedEvents,
      links,
      status: error === undefined ? { code: 'unset' } : { code: 'error', message: error },
    };
  }
}

export const present = (attributes: Readonly<Record<string, Fact | undefined>>): Attributes =>
  Object.fromEntries(Object.entries(attributes).filter((entry): entry is [string, Fact] => entry[1] !== undefined));

/** What failed, as attributes; nothing when nothing did. */
export const errorOf = (facts: Facts): Readonly<Record<string, Fact | undefined>> => ({
  [ATTRIBUTES.errorType]: facts['error.code'],
  [ATTRIBUTES.errorMessage]: facts['error.message'],
  [ATTRIBUTES.retryable]: facts['error.retryable'],
});

export const text = (fact: Fact | undefined): string | undefined => (typeof fact === 'string' ? fact : undefined);

export const number = (fact: Fact | undefined): number | undefined => (typeof fact === 'number' ? fact : undefined);

export const list = (fact: Fact | undefined): readonly string[] => (Array.isArray(fact) ? fact : []);
