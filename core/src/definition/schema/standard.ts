import { messageOf } from '../../shared/errors.ts';
import type { Path, Report } from '../problem.ts';

/** A JSON Schema as it is, or that of a Standard Schema, which says it for data that comes in. */
export function jsonSchemaOf(value: unknown, path: Path, report: Report): unknown {
  const standard = (
    value as { readonly '~standard'?: { readonly jsonSchema?: { readonly input?: unknown } } } | null
  )?.['~standard'];
  if (standard === undefined) return value;
  const convert = standard.jsonSchema?.input;
  if (typeof convert !== 'function') {
    report(path, 'is a schema that gives no JSON Schema (zod does from 4.2 on); write the JSON Schema itself');
    return undefined;
  }
  try {
    // A copy: what a library keeps may have prototypes of its own.
    return JSON.parse(JSON.stringify(convert.call(standard.jsonSchema, { target: 'draft-2020-12' })));
  } catch (error) {
    report(path, `is a schema that has no JSON Schema: ${messageOf(error)}`);
    return undefined;
  }
}
