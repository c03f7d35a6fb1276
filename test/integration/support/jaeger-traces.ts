import type { Jaeger } from './jaeger.ts';

// What Jaeger has, by its query API (v3: OTLP as JSON).

export interface StoredSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly service: string;
  readonly kind: number | undefined;
  /** Nanoseconds since the Unix epoch. */
  readonly start: bigint;
  readonly end: bigint;
  /** Lists and objects as JSON. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly links: readonly { readonly traceId: string; readonly spanId: string; readonly kind: string | undefined }[];
  readonly events: readonly string[];
  readonly failed: boolean;
}

interface Pair {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

interface RawSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind?: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes?: readonly Pair[];
  readonly links?: readonly {
    readonly traceId: string;
    readonly spanId: string;
    readonly attributes?: readonly Pair[];
  }[];
  readonly events?: readonly { readonly name: string }[];
  readonly status?: { readonly code?: number };
}

interface Answer {
  readonly result: {
    readonly resourceSpans?: readonly {
      readonly resource?: { readonly attributes?: readonly Pair[] };
      readonly scopeSpans?: readonly { readonly spans?: readonly RawSpan[] }[];
    }[];
  };
}

/** The spans of a trace, as often as Jaeger returns them; none when it does not know it. */
export async function storedTrace({ query }: Pick<Jaeger, 'query'>, traceId: string): Promise<readonly StoredSpan[]> {
  const response = await fetch(`${query}/api/v3/traces/${traceId}`);
  if (response.status === 404) return [];
  if (!response.ok) throw new Error(`Jaeger says ${response.status}: ${await response.text()}`);
  const lines = (await response.text()).trim().split('\n');
  const resources = lines.flatMap((line) => (JSON.parse(line) as Answer).result.resourceSpans ?? []);
  return resources.flatMap(({ resource, scopeSpans = [] }) => {
    const service = attributesOf(resource?.attributes)['service.name'] ?? '';
    return scopeSpans.flatMap(({ spans = [] }) => spans.map((span) => stored(span, service)));
  });
}

/**
 * Names of spans that there are of a service, without a look at any trace: of one that lacks a root yet, Jaeger writes warnings into the very spans that it keeps in memory, and
 * takes those that come again for others then.
 */
export async function storedNames({ query }: Pick<Jaeger, 'query'>, service: string): Promise<readonly string[]> {
  const response = await fetch(`${query}/api/v3/operations?service=${encodeURIComponent(service)}`);
  if (!response.ok) throw new Error(`Jaeger says ${response.status}: ${await response.text()}`);
  const { operations = [] } = (await response.json()) as { readonly operations?: readonly { readonly name: string }[] };
  return operations.map(({ name }) => name);
}

/** Asks until what is there is enough; the test's own time limit ends a wait in vain. */
export async function traceWhere(
  jaeger: Pick<Jaeger, 'query'>,
  traceId: string,
  isEnough: (spans: readonly StoredSpan[]) => boolean,
): Promise<readonly StoredSpan[]> {
  for (;;) {
    const spans = await storedTrace(jaeger, traceId);
    if (isEnough(spans)) return spans;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function stored(span: RawSpan, service: string): StoredSpan {
  const { traceId, spanId, parentSpanId, name, kind, startTimeUnixNano, endTimeUnixNano, status } = span;
  return {
    ...{ traceId, spanId, name, kind, service },
    parentSpanId: parentSpanId === '' ? undefined : parentSpanId,
    start: BigInt(startTimeUnixNano),
    end: BigInt(endTimeUnixNano),
    attributes: attributesOf(span.attributes),
    links: (span.links ?? []).map((link) => ({
      traceId: link.traceId,
      spanId: link.spanId,
      kind: attributesOf(link.attributes)['reprise.link'],
    })),
    events: (span.events ?? []).map((event) => event.name),
    failed: status?.code === 2,
  };
}

function attributesOf(pairs: readonly Pair[] = []): Readonly<Record<string, string>> {
  return Object.fromEntries(
    pairs.map(({ key, value }) => {
      const [plain] = Object.values(value);
      return [key, typeof plain === 'object' ? JSON.stringify(plain) : String(plain)];
    }),
  );
}

/** What must not be in a trace: a span that is there twice, or is in one that is not there. */
export function problemsOf(spans: readonly StoredSpan[]): readonly string[] {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const orphans = spans.filter(({ parentSpanId }) => parentSpanId !== undefined && !ids.has(parentSpanId));
  return [
    ...(ids.size === spans.length ? [] : [`${spans.length - ids.size} spans are there twice`]),
    ...orphans.map(({ name }) => `${name} is in a span that is not there`),
  ];
}

/** Each span in a line, inside what it is in: its name, and of an attempt how it ended. Siblings by name. */
export function drawTrace(spans: readonly StoredSpan[]): string {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const inside = Map.groupBy(spans, ({ parentSpanId = '' }) => (ids.has(parentSpanId) ? parentSpanId : ''));
  const draw = (parent: string, indent: string): readonly string[] =>
    (inside.get(parent) ?? [])
      .toSorted((one, other) => label(one).localeCompare(label(other), 'en', { numeric: true }))
      .flatMap((span) => [`${indent}${label(span)}`, ...draw(span.spanId, `${indent}  `)]);
  return draw('', '').join('\n');
}

function label({ name, attributes, failed }: StoredSpan): string {
  const attempt = name.startsWith('task ') ? undefined : attributes['reprise.attempt.number'];
  const ended = attributes['reprise.attempt.outcome'] ?? attributes['reprise.message.outcome'];
  const error = failed ? attributes['error.type'] : undefined;
  const said = [attempt === undefined ? undefined : `attempt ${attempt}`, ended, error].filter(
    (one) => one !== undefined,
  );
  return said.length === 0 ? name : `${name} (${said.join(', ')})`;
}
