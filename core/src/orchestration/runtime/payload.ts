import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { ErrorCode } from '../../shared/error-codes.ts';
import { RepriseError } from '../../shared/errors.ts';
import { type Json, jsonProblem } from '../../shared/json.ts';

/**
 * A copy of `value` as plain JSON (so that whoever gave it may change it later), or a throw: `code` when it is not plain JSON,
 * REPRISE_PAYLOAD_TOO_LARGE when its text is longer than `maxChars`. `undefined` counts as null.
 */
export function acceptPayload(value: unknown, what: string, code: ErrorCode, maxChars: number): Json {
  if (value === undefined || value === null) return null;
  if (typeof value !== 'object' && typeof value !== 'string') {
    const problem = jsonProblem(value);
    if (problem === undefined) return value as Json;
    throw new RepriseError(code, `The ${what} is not plain JSON: ${problem}.`, { retryable: false });
  }
  const problem = jsonProblem(value);
  if (problem !== undefined)
    throw new RepriseError(code, `The ${what} is not plain JSON: ${problem}.`, { retryable: false });
  const text = JSON.stringify(value);
  if (text.length > maxChars) {
    const message = `The ${what} is ${text.length} characters of JSON, more than the limit of ${maxChars}. Pass a reference instead.`;
    throw new RepriseError('REPRISE_PAYLOAD_TOO_LARGE', message, { details: { size: text.length, limit: maxChars } });
  }
  return JSON.parse(text) as Json;
}

/** What the schema makes of `value`, or a throw that lists every mismatch with its path. */
export async function checkSchema(
  schema: StandardSchemaV1,
  value: unknown,
  code: ErrorCode,
  what: string,
): Promise<unknown> {
  const result = await schema['~standard'].validate(value);
  if (result.issues === undefined) return result.value;
  const problems = result.issues.map((issue) => {
    const path = (issue.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.');
    return path === '' ? issue.message : `${path}: ${issue.message}`;
  });
  throw new RepriseError(code, `The ${what} does not match its schema: ${problems.join('; ')}.`, {
    details: { problems },
    retryable: false,
  });
}
