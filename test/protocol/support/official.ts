import { createRequire } from 'node:module';
import type { JsonObject } from '@reprise/core';
import { Ajv, type ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { messagesSchema } from '../../../scripts/protocol/messages-schema.ts';

// What others say that it has to be: the metaschemas of JSON Schema (they come with ajv), the schema of AsyncAPI 3.0 (@asyncapi/specs), and that of
// CloudEvents 1.0, as the SDK for JavaScript has it compiled (cloudevents).

const require = createRequire(import.meta.url);
const addFormats = formats.default;

const strict = {
  strict: true,
  allErrors: true,
  allowUnionTypes: true,
  strictRequired: false,
  strictTypes: false,
} as const;

/** Compiles a schema of draft 2020-12, which throws unless the metaschema takes it, and knows each of its keywords and formats. */
export function compile2020(schema: JsonObject): ValidateFunction {
  const ajv = new Ajv2020(strict);
  addFormats(ajv as never);
  return ajv.compile(schema);
}

/** The same for draft 7, which the Schema Objects of AsyncAPI are made of. */
export function compile7(schema: JsonObject): ValidateFunction {
  const ajv = new Ajv(strict);
  addFormats(ajv as never);
  return ajv.compile(schema);
}

export function asyncApiValidator(): ValidateFunction {
  const ajv = new Ajv({ strict: false, allErrors: true });
  addFormats(ajv as never);
  return ajv.compile(require('@asyncapi/specs/schemas/3.0.0-without-$id.json') as JsonObject);
}

export const cloudEventsValidator = (): ValidateFunction =>
  require('cloudevents/dist/schema/v1.js') as ValidateFunction;

/** What docs/protocol publishes, for the envelope and the data of every type. */
export const publishedValidator = (): ValidateFunction => compile2020(messagesSchema());

/** The same, but nothing may be said that it does not name. */
export const closedValidator = (): ValidateFunction => compile2020(closed(messagesSchema()) as JsonObject);

/** A message may have what its schema does not name (its reader passes over it); but nothing of what is sent today is to be missing there. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const all = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]));
  return 'properties' in all && 'type' in all && !('additionalProperties' in all)
    ? { ...all, additionalProperties: false }
    : all;
}

/** "/data/taskId must be string; …", or undefined when it is as it has to be. */
export const problemOf = (validate: ValidateFunction, value: unknown): string | undefined =>
  validate(value)
    ? undefined
    : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`).join('; ');
