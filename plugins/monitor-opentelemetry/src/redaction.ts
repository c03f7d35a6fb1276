import type { Redact } from './options.ts';
import type { SeenLog } from './sending/telemetry.ts';
import type { Span } from './spans/span.ts';

// What a user's function makes of what is about to be sent. All of it throws what that throws.

export function redactedSpan(span: Span, redact: Redact | undefined): Span {
  if (redact === undefined) return span;
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
export function redactedLog(log: SeenLog, redact: Redact | undefined): SeenLog {
  if (redact === undefined) return log;
  const { message, ...facts } = redact({ ...log.facts, message: log.message }, { signal: 'log', name: log.level });
  return { ...log, message: typeof message === 'string' ? message : '', facts };
}
