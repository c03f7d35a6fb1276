import { parseDuration } from '../../shared/duration.ts';
import { didYouMean } from '../did-you-mean.ts';
import type { Path, Report } from '../problem.ts';

// Readers of single values in the human form: each reports what does not fit and returns undefined (or a default) for it.

export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function readFields(
  value: unknown,
  path: Path,
  report: Report,
  what: string,
  keys: readonly string[],
): Fields | undefined {
  if (!isFields(value)) {
    report(path, `must be ${what}, not ${describe(value)}`);
    return undefined;
  }
  for (const key of Object.keys(value)) {
    if (value[key] !== undefined && !keys.includes(key)) {
      report([...path, key], `is not known here${didYouMean(key, keys) || ` (known: ${keys.join(', ')})`}`);
    }
  }
  return value;
}

export function readText(value: unknown, path: Path, report: Report): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  const quote = typeof value === 'number' ? `; put it in quotes: "${value}"` : '';
  report(path, `must be text, not ${describe(value)}${quote}`);
  return undefined;
}

export function readNumber(value: unknown, path: Path, report: Report): number | undefined {
  if (value === undefined || typeof value === 'number') return value;
  report(path, `must be a number, not ${describe(value)}`);
  return undefined;
}

export function readFlag(value: unknown, path: Path, report: Report): boolean | undefined {
  if (value === undefined || typeof value === 'boolean') return value;
  report(path, `must be true or false, not ${describe(value)}`);
  return undefined;
}

/** Milliseconds. */
export function readDuration(value: unknown, path: Path, report: Report): number | undefined {
  if (value === undefined) return undefined;
  const duration = parseDuration(value);
  if (duration === undefined) {
    report(path, `${describe(value)} is not a duration; write milliseconds or text such as "250ms", "30s", "1h30m"`);
  }
  return duration;
}

export function readChoice<T extends string>(
  value: unknown,
  path: Path,
  report: Report,
  choices: readonly T[],
): T | undefined {
  if (value === undefined) return undefined;
  const choice = choices.find((candidate) => candidate === value);
  if (choice === undefined) {
    const hint = typeof value === 'string' ? didYouMean(value, choices) : '';
    report(path, `must be ${choices.map((one) => `"${one}"`).join(' or ')}, not ${describe(value)}${hint}`);
  }
  return choice;
}

/** A text or a list of texts, as a list. */
export function readTexts(value: unknown, path: Path, report: Report): readonly string[] {
  if (value === undefined) return [];
  if (typeof value === 'string') return [value];
  if (!Array.isArray(value)) {
    report(path, `must be text or a list of texts, not ${describe(value)}`);
    return [];
  }
  return value.flatMap((member: unknown, index) => readText(member, [...path, index], report) ?? []);
}

export function describe(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'string') return value.length > 60 ? `"${value.slice(0, 57)}..."` : `"${value}"`;
  return typeof value === 'function' ? 'a function' : String(value);
}
