import { resolve } from 'node:path';
import { findPackage, packageNameOf } from './installed-package.ts';
import { schemaOf } from './package-schema.ts';

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Options in which what the schema of the package calls a path (`"format": "path"`) is relative to `folder`, where it is relative. */
export async function withPaths(use: string, options: unknown, folder: string): Promise<unknown> {
  if (!isRecord(options)) return options;
  const installed = await findPackage(packageNameOf(use), folder);
  const schema = installed === undefined ? undefined : await schemaOf(installed);
  return schema === undefined ? options : located(schema, options, folder);
}

function located(schema: unknown, options: Readonly<Record<string, unknown>>, folder: string): unknown {
  if (!isRecord(schema) || !isRecord(schema['properties'])) return options;
  const found = new Map(Object.entries(options));
  for (const [name, field] of Object.entries(schema['properties'])) {
    const given = found.get(name);
    if (!isRecord(field)) continue;
    if (typeof given === 'string' && field['format'] === 'path') found.set(name, resolve(folder, given));
    else if (isRecord(given)) found.set(name, located(field, given, folder));
  }
  return Object.fromEntries(found);
}
