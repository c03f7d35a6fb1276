import { text } from 'node:stream/consumers';
import type { Json } from '@reprise/core';
import { readTextFile } from '../config/read-text-file.ts';
import { usageError } from '../errors/usage-error.ts';
import { type JsonProblem, parseJson } from './parse-json.ts';

/** The input of a run from its flags; `{}` when there is none. `-` is stdin. Throws REPRISE_USAGE. */
export const readInput = async (flags: {
  readonly input?: string | undefined;
  readonly 'input-file'?: string | undefined;
}): Promise<Json> => readJson('input', flags.input, flags['input-file'], {});

/** The input of a run that goes on from another, from its flags; undefined when it is that of the other. `-` is stdin, in either flag. Throws REPRISE_USAGE. */
export async function readOtherInput(flags: {
  readonly input?: string | undefined;
  readonly 'input-file'?: string | undefined;
}): Promise<Json | undefined> {
  if (flags.input === undefined && flags['input-file'] === undefined) return undefined;
  return readInput(flags.input === '-' ? { 'input-file': '-' } : flags);
}

/** What comes with a signal, from its flags; null when there is nothing. `-` is stdin. Throws REPRISE_USAGE. */
export const readData = async (flags: {
  readonly data?: string | undefined;
  readonly 'data-file'?: string | undefined;
}): Promise<Json> => readJson('data', flags.data, flags['data-file'], null);

/** JSON, `@` and the name of a file that has some, or `-` for stdin. Throws REPRISE_USAGE. */
export async function readGivenData(given: string): Promise<Json> {
  if (given === '-') return parse('data', await text(process.stdin), 'stdin');
  if (!given.startsWith('@')) return parse('data', given, '--data');
  const file = given.slice(1);
  return parse('data', await fileText('data', file), file);
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

/** The JSON in a text. `where` says where the text is from. Throws REPRISE_USAGE. */
export function parse(what: string, content: string, where: string): Json {
  const { value, problems } = read(what, content, where);
  if (problems.length === 0) return value;
  const lines = problems.map((problem) => `  ${formatProblem(problem)}`);
  throw usageError([`The ${what} in ${where} would not be read as it is written:`, ...lines].join('\n'));
}

const formatProblem = ({ line, column, path, message }: JsonProblem): string =>
  `${line}:${column} ${path === '' ? '' : `${path}: `}${message}`;

function read(what: string, content: string, where: string): ReturnType<typeof parseJson> {
  if (content.trim() === '')
    throw usageError(
      `The ${what} in ${where} is empty, which is no JSON. Write {} for nothing, or leave the flag out.`,
    );
  try {
    return parseJson(content);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const hint =
      where === `--${what}` ? ` Text needs its quotes inside those of the shell: ${where} '{"name":"Ada"}'.` : '';
    throw usageError(`The ${what} in ${where} is not JSON: ${why}.${hint}`);
  }
}
