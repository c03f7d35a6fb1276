import type { Json } from '../shared/json.ts';

/** The CEL source of a template string of the form "${ … }", or undefined for any other text. */
export function celOf(text: string): string | undefined {
  return text.startsWith('${') && text.endsWith('}') ? text.slice(2, -1).trim() : undefined;
}

/** The text that a template string without CEL stands for: "$${" at its start is "${". */
export const literalOf = (text: string): string => (text.startsWith('$${') ? text.slice(1) : text);

/** A place in a template, and what stands there. */
export interface TemplateString {
  readonly path: readonly (string | number)[];
  readonly text: string;
}

/** Every string of a template with its path. */
export function stringsOf(template: Json, path: readonly (string | number)[] = []): readonly TemplateString[] {
  if (typeof template === 'string') return [{ path, text: template }];
  if (template === null || typeof template !== 'object') return [];
  if (Array.isArray(template)) return template.flatMap((member: Json, index) => stringsOf(member, [...path, index]));
  return Object.entries(template).flatMap(([key, member]) => stringsOf(member, [...path, key]));
}

/** A value as a template that gives it, whatever its texts begin with. */
export function literalTemplate(value: Json): Json {
  if (typeof value === 'string') return literalText(value);
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((member: Json) => literalTemplate(member));
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, literalTemplate(member)]));
}

function literalText(text: string): string {
  if (text.startsWith('${')) return `$${text}`;
  // "$${" stands for "${" itself, so that it has to be said in CEL.
  return text.startsWith('$${') ? `\${ ${JSON.stringify(text)} }` : text;
}
