import { canonicalJson } from '../shared/json.ts';

/** The same shape with every field optional but `type`. */
export type Expected<T> = T extends { readonly type: infer Type }
  ? { readonly type: Type } & { readonly [Key in Exclude<keyof T, 'type'>]?: unknown }
  : never;

interface Typed {
  readonly type: string;
}

/**
 * Why `actual` is not what was expected, event by event; undefined when it is. Of an event only the fields that the expected
 * one names are compared; a field expected to be undefined must not be there.
 */
export function describeDifference(expected: readonly Typed[], actual: readonly Typed[]): string | undefined {
  const lines: string[] = [];
  let same = expected.length === actual.length;
  for (let index = 0; index < Math.max(expected.length, actual.length); index += 1) {
    const want = expected[index];
    const got = actual[index];
    const wrong = want === undefined || got === undefined ? [] : differingFields(want, got);
    if (want !== undefined && got !== undefined && wrong.length === 0) {
      lines.push(`    ${show(want)}`);
      continue;
    }
    same = false;
    if (want !== undefined) lines.push(`  - ${show(want)}`);
    if (got !== undefined) lines.push(`  + ${show(want === undefined ? got : pick(got, want))}`);
  }
  return same
    ? undefined
    : ['The events are not those that were expected (- expected, + actual):', ...lines].join('\n');
}

const fields = (value: Typed): Readonly<Record<string, unknown>> => value as unknown as Record<string, unknown>;

function differingFields(want: Typed, got: Typed): readonly string[] {
  return Object.keys(want).filter((key) => canonicalText(fields(want)[key]) !== canonicalText(fields(got)[key]));
}

const canonicalText = (value: unknown): string => (value === undefined ? 'nothing' : canonicalJson(value));

/** The fields of `got` that `want` names; all of them when the types differ. */
function pick(got: Typed, want: Typed): Typed {
  if (got.type !== want.type) return got;
  return Object.fromEntries(Object.keys(want).map((key) => [key, fields(got)[key]])) as unknown as Typed;
}

function show(event: Typed): string {
  const { type, ...rest } = event;
  const text = Object.entries(rest).map(([key, value]) => `${key}: ${canonicalText(value).slice(0, 200)}`);
  return text.length === 0 ? type : `${type} { ${text.join(', ')} }`;
}
