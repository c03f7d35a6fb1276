import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import type { Json } from '@reprise/core';
import { usageError } from '../errors/usage-error.ts';
import { type JsonProblem, parseJson } from './parse-json.ts';

/** The input of a run from its flags; `{}` when there is none. `-` is stdin. Throws REPRISE_USAGE. */
export async function readInput(flags: {
  readonly input?: string | undefined;
  readonly 'input-file'?: string | undefined;
}): Promise<Json> {
  if (flags.input !== undefined) return parse(flags.input, '--input');
  const file = flags['input-file'];
  if (file === undefined) return {};
  const content =
    file === '-'
      ? await text(process.stdin)
      : await readFile(file, 'utf8').catch((error: unknown) => {
          throw usageError(
            `The input file ${file} could not be read: ${error instanceof Error ? error.message : String(error)}.`,
          );
        });
  return parse(content, file === '-' ? 'stdin' : file);
}

function parse(content: string, where: string): Json {
  const { value, problems } = read(content, where);
  if (problems.length === 0) return value;
  const lines = problems.map((problem) => `  ${formatProblem(problem)}`);
  throw usageError([`The input in ${where} would not be read as it is written:`, ...lines].join('\n'));
}

const formatProblem = ({ line, column, path, message }: JsonProblem): string =>
  `${line}:${column} ${path === '' ? '' : `${path}: `}${message}`;

function read(content: string, where: string): ReturnType<typeof parseJson> {
  try {
    return parseJson(content);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const hint =
      where === '--input' ? ` Text needs its quotes inside those of the shell: --input '{"name":"Ada"}'.` : '';
    throw usageError(`The input in ${where} is not JSON: ${why}.${hint}`);
  }
}
