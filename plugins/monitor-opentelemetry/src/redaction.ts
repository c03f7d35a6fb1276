import type { Redact } from './options.ts';
import type { SeenLog } from './sending/telemetry.ts';
import type { Attributes, Span } from './spans/span.ts';

// What a user's function makes of what is about to be sent. All of it throws what that throws.

export function redactedSpan(span: Span, unchecked: Redact | undefined): Span {
  if (unchecked === undefined) return span;
  const redact = checked(unchecked);
  const { name } = span;
  return {
    ...span,
    attributes: redact({ ...span.attributes }, { signal: 'span', name }),
    events: span.events.map((event) => ({
      ...event,
      attributes: redact({ ...event.attributes }, { signal: 'event', name: event.name }),
    })),
    links: span.links.map((link) => ({
      ...link,
      attributes: redact({ ...link.attributes }, { signal: 'link', name }),
    })),
  };
}

/** Of a record the message is an attribute, too, while it is looked at: `message`. */
export function redactedLog(log: SeenLog, unchecked: Redact | undefined): SeenLog {
  if (unchecked === undefined) return log;
  const redact = checked(unchecked);
  const { message, ...facts } = redact({ ...log.facts, message: log.message }, { signal: 'log', name: log.level });
  return { ...log, message: typeof message === 'string' ? message : '', facts };
}

/** Attributes are an object of texts, numbers, booleans and lists of texts; whatever else is given is thrown away with a throw. */
function checked(redact: Redact): Redact {
  return (attributes, of) => {
    const given: unknown = redact(attributes, of);
    if (given instanceof Promise) {
      given.catch(() => undefined);
      throw new Error('it is asynchronous, which it may not be');
    }
    if (typeof given !== 'object' || given === null || Array.isArray(given)) throw new Error('it gave no attributes');
    for (const [key, value] of Object.entries(given))
      if (!isFact(value)) throw new Error(`it gave a '${key}' that is no text, number, boolean or list of texts`);
    return given as Attributes;
  };
}

const isFact = (value: unknown): boolean =>
  ['string', 'number', 'boolean'].includes(typeof value) ||
  (Array.isArray(value) && value.every((one) => typeof one === 'string'));
