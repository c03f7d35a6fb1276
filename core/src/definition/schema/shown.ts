import type { Json } from '../../shared/json.ts';

/** A value as it stands in a sentence: whole when it is short. */
export function shown(value: Json): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…"` : text;
}
