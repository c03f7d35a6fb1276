import { text } from 'node:stream/consumers';
import type { Json } from '@reprise/core';
import { readTextFile } from '../config/read-text-file.ts';
import { usageError } from '../errors/usage-error.ts';
import { isPair, withPair } from './input-pairs.ts';
import { parse } from './parse-given.ts';

export interface InputFlags {
  /** JSON, once at the most, and `KEY=VALUE`s, which are put into it in their order. */
  readonly input?: readonly string[] | undefined;
  readonly 'input-file'?: string | undefined;
}

/** The input of a run from its flags; `{}` when there is none. `-` is stdin. Throws REPRISE_USAGE. */
export async function readInput({ input = [], 'input-file': file }: InputFlags): Promise<Json> {
  const pairs = input.filter(isPair);
  const [whole, ...more] = input.filter((one) => !isPair(one));
  if (more.length > 0)
    throw usageError(`--input is given as JSON ${more.length + 1} times: once, and KEY=VALUE as often as you like.`);
  const given = whole === '-' ? { file: '-' } : { text: whole, file };
  const base = await readJson('input', given.text, given.file, {});
  return pairs.reduce<Json>((value, pair) => withPair(value, pair, '--input'), base);
}

/** The input of a run that goes on from another, from its flags; undefined when it is that of the other. Throws REPRISE_USAGE. */
export const readOtherInput = async (flags: InputFlags): Promise<Json | undefined> =>
  flags.input === undefined && flags['input-file'] === undefined ? undefined : readInput(flags);

/** What comes with a signal, from its flags; null when there is nothing. `-` is stdin. Throws REPRISE_USAGE. */
export const readData = async (flags: {
  readonly data?: string | undefined;
  readonly 'data-file'?: string | undefined;
}): Promise<Json> => readJson('data', flags.data, flags['data-file'], null);

/** JSON, `@` and the name of a file that has some, or `-` for stdin, of the flag `--<what>`. Throws REPRISE_USAGE. */
export async function readGiven(what: string, given: string): Promise<Json> {
  if (given === '-') return parse(what, await text(process.stdin), 'stdin');
  if (!given.startsWith('@')) return parse(what, given, `--${what}`);
  const file = given.slice(1);
  return parse(what, await fileText(what, file), file);
}

/** What a strategy is told, from a file with JSON. Throws REPRISE_USAGE. */
export const readStrategyFile = async (file: string): Promise<Json> =>
  parse('strategy', await fileText('strategy', file), file);

/** JSON from the flags `--<what>` and `--<what>-file`; `none` when there is neither. */
async function readJson(what: string, given: string | undefined, file: string | undefined, none: Json): Promise<Json> {
  if (given !== undefined) return parse(what, given, `--${what}`);
  if (file === undefined) return none;
  const content = file === '-' ? await text(process.stdin) : await fileText(what, file);
  return parse(what, content, file === '-' ? 'stdin' : file);
}

const fileText = (what: string, file: string): Promise<string> =>
  readTextFile(file, (why, cause) =>
    usageError(`The ${what} file ${file} could not be read: ${why}.`, {
      cause,
      fix:
        what === 'strategy'
          ? 'Name a file with JSON (`--strategy @team.json`), or a strategy that needs none (`--strategy sequential`).'
          : `Name a file with JSON, \`-\` for what is piped in, or give it as it is: --${what} '{"name":"Ada"}'.`,
    }),
  );
