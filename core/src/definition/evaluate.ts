import { isRepriseError, RepriseError } from '../shared/errors.ts';
import { freezeJson, type Json } from '../shared/json.ts';
import { compile } from './cel/program.ts';
import { Conversion, toJson } from './cel/to-json.ts';
import type { Expression, FunctionExpression, Scope } from './definition.ts';
import { frozenRecord } from './lazy-record.ts';
import { celOf, literalOf } from './template.ts';

/**
 * The value of an expression in a scope: plain JSON, never undefined. Pure, and bounded for CEL and templates. Whatever
 * goes wrong is REPRISE_EXPRESSION_FAILED or REPRISE_EXPRESSION_BUDGET, with the cause in the message. What a function is handed
 * is frozen.
 */
export function evaluate(expression: Expression, scope: Scope): Json {
  try {
    switch (expression.kind) {
      case 'cel':
        return toJson(runCel(expression.source, scope));
      case 'template':
        return fill(expression.template, scope, new Conversion());
      case 'function':
        return call(expression, scope);
    }
  } catch (cause) {
    if (isRepriseError(cause)) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RepriseError('REPRISE_EXPRESSION_FAILED', `The ${nameOf(expression)} failed: ${reason}.`, { cause });
  }
}

const nameOf = (expression: Expression): string =>
  expression.kind === 'cel' ? `CEL expression ${expression.source.slice(0, 120)}` : expression.kind;

const runCel = (source: string, scope: Scope): unknown =>
  compile(source).run(scope as unknown as Readonly<Record<string, unknown>>);

function call(expression: FunctionExpression, scope: Scope): Json {
  if (expression.fn === undefined) throw new Error('it is not registered in this process');
  const value = expression.fn(frozen(scope));
  if (value instanceof Promise) {
    value.catch(() => undefined);
    throw new Error('it returned a promise; functions of a workflow are synchronous, I/O belongs in an agent');
  }
  return toJson(value);
}

/** What a function sees is history: one that sorts an output in place fails, and changes nothing. */
function frozen(scope: Scope): Scope {
  freezeJson(scope.input);
  for (const value of [scope.item, scope.output, scope.feedback, scope.block, scope.error, scope.message])
    if (value !== undefined) freezeJson(value);
  return { ...scope, outputs: frozenRecord(scope.outputs) };
}

function fill(template: Json, scope: Scope, conversion: Conversion): Json {
  if (typeof template === 'string') {
    const source = celOf(template);
    return source === undefined ? literalOf(template) : toJson(runCel(source, scope), conversion);
  }
  if (template === null || typeof template !== 'object') return template;
  if (Array.isArray(template)) return template.map((member: Json) => fill(member, scope, conversion));
  return Object.fromEntries(Object.entries(template).map(([key, member]) => [key, fill(member, scope, conversion)]));
}
