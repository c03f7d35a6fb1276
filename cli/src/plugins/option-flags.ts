import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Options } from '../config/package-schema.ts';
import { usageError } from '../errors/usage-error.ts';

export interface OptionFlags {
  readonly option?: readonly string[] | undefined;
  readonly options?: string | undefined;
  readonly 'options-file'?: string | undefined;
}

/** Options as flags give them: the file, then the JSON over it, then each `key=value`. Throws REPRISE_USAGE. */
export async function optionsOfFlags(flags: OptionFlags, from: string): Promise<Options> {
  const file = flags['options-file'];
  const ofFile = file === undefined ? {} : parseObject(await read(resolve(from, file)), `The file ${file}`);
  const ofJson = flags.options === undefined ? {} : parseObject(flags.options, '--options');
  const options: Record<string, unknown> = { ...ofFile, ...ofJson };
  for (const text of flags.option ?? []) setOption(options, text);
  return options;
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw usageError(`The file ${file} could not be read (${(error as Error).message}).`, { cause: error });
  }
}

function parseObject(text: string, what: string): Options {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw usageError(`${what} is not JSON: ${(error as Error).message}.`, { cause: error });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Options;
  throw usageError(`${what} is not a JSON object.`);
}

/** `key=value`, `outer.key=value`: JSON where it parses, else text. */
function setOption(options: Record<string, unknown>, text: string): void {
  const at = text.indexOf('=');
  const path = text.slice(0, Math.max(0, at)).split('.');
  const last = path.pop();
  if (at < 1 || last === undefined || [...path, last].some((key) => key === '' || key === '__proto__'))
    throw usageError(`--option ${JSON.stringify(text)} is not key=value.`);
  let within = options;
  for (const key of path) {
    const inner = Object.hasOwn(within, key) ? within[key] : {};
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner))
      throw usageError(`--option ${JSON.stringify(text)} goes into ${key}, which is no object.`);
    const copy = { ...(inner as Options) };
    within[key] = copy;
    within = copy;
  }
  within[last] = parseValue(text.slice(at + 1));
}

/** JSON where it parses, else text. */
export function parseValue(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
