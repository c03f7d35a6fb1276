import type { Json } from '@reprise/core';
import { usageError } from '../errors/usage-error.ts';
import { type JsonProblem, parseJson } from './parse-json.ts';

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
    const example = what === 'outcome' ? `'TASK="text"'` : `'{"name":"Ada"}'`;
    const hint = where === `--${what}` ? ` Text needs its quotes inside those of the shell: ${where} ${example}.` : '';
    throw usageError(`The ${what} in ${where} is not JSON: ${why}.${hint}`);
  }
}
