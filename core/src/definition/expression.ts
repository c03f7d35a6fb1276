import { sha256 } from '../shared/hash.ts';
import type { Json } from '../shared/json.ts';
import type { Expression, FunctionExpression, Scope } from './definition.ts';
import { celOf } from './template.ts';

/** Marks a value whose type is known only at run time. */
export interface Computed {
  readonly '~computed': never;
}

/** What `cel()` gives: an expression whose type is not known before it runs. */
export interface CelExpression {
  readonly kind: 'cel';
  readonly source: string;
  /** Types only. */
  readonly '~value'?: Computed;
  /** Types only, it cannot be called: it stands where a function may. */
  (scope: unknown): Computed;
}

/** What `template()` gives. */
export interface TemplateExpression {
  readonly kind: 'template';
  readonly template: Json;
  /** Types only. */
  readonly '~value'?: Computed;
  /** Types only, it cannot be called: it stands where a function may. */
  (scope: unknown): Computed;
}

/** An expression in the Common Expression Language: `cel('outputs.audit.unknown.size() > 0')`. */
export const cel = (source: string): CelExpression => ({ kind: 'cel', source }) as CelExpression;

/** JSON in which every string of the form "${ CEL }" is replaced by its value: `template({ folder: '${ input.folder }' })`. */
export function template(json: Json): CelExpression | TemplateExpression {
  const source = typeof json === 'string' ? celOf(json) : undefined;
  return source === undefined ? ({ kind: 'template', template: json } as TemplateExpression) : cel(source);
}

/** A function of the workflow as an expression. The digest is of its source text. */
export function fromFunction(fn: (scope: Scope) => unknown): FunctionExpression {
  return { kind: 'function', digest: sha256(Function.prototype.toString.call(fn)), fn };
}

export function isExpression(value: unknown): value is Expression {
  if (typeof value !== 'object' || value === null || !('kind' in value)) return false;
  if (value.kind === 'cel') return 'source' in value && typeof value.source === 'string';
  return value.kind === 'template' ? 'template' in value : value.kind === 'function' && 'digest' in value;
}
