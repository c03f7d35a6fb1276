import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { ErrorCode } from '../../shared/error-codes.ts';
import { RepriseError } from '../../shared/errors.ts';
import type { Json } from '../../shared/json.ts';
import { takeJson } from '../../shared/take-json.ts';

/**
 * A copy of `value` as plain JSON (so that whoever gave it may change it later), or a throw: `code` when it is not plain JSON,
 * REPRISE_PAYLOAD_TOO_LARGE when its text is longer than `maxChars`. `undefined` counts as null. Costs no more than `maxChars`
 * do, whatever it is handed.
 */
export function acceptPayload(value: unknown, what: string, code: ErrorCode, maxChars: number): Json {
  if (value === undefined) return null;
  const taken = takeJson(value, maxChars);
  if (taken.ok) return taken.value;
  if (taken.reason === 'not-json')
    throw new RepriseError(code, `The ${what} is not plain JSON: ${taken.problem}.`, { retryable: false });
  const message = `The ${what} is larger than the limit of ${maxChars} characters of JSON. Pass a reference instead.`;
  throw new RepriseError('REPRISE_PAYLOAD_TOO_LARGE', message, { details: { limit: maxChars } });
}

/** What the schema makes of `value`, or a throw that lists every mismatch with its path. */
export async function checkSchema(
  schema: StandardSchemaV1,
  value: unknown,
  code: ErrorCode,
  what: string,
  retryable = false,
): Promise<unknown> {
  const result = await schema['~standard'].validate(value);
  if (result.issues === undefined) return result.value;
  const problems = result.issues.map((issue) => {
    const path = (issue.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.');
    return path === '' ? issue.message : `${path}: ${issue.message}`;
  });
  throw new RepriseError(code, `The ${what} does not match its schema: ${problems.join('; ')}.`, {
    details: { problems },
    retryable,
  });
}
