import { jsonSchemaOf } from '../../definition/schema/standard.ts';
import { RepriseError } from '../../shared/errors.ts';
import type { Json } from '../../shared/json.ts';

/** What a message is to be like, as JSON. Throws REPRISE_MESSAGE_INVALID for a schema that has no JSON Schema. */
export function schemaFrom(schema: unknown): Json {
  let wrong: string | undefined;
  const found = jsonSchemaOf(schema, [], (_, message) => {
    wrong ??= message;
  });
  if (wrong !== undefined) throw new RepriseError('REPRISE_MESSAGE_INVALID', `\`schema\` ${wrong}.`);
  return found as Json;
}
