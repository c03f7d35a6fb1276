import { ERROR_CODES } from '@reprise/core';
import { EXIT, exitCodeOf } from './exit-codes.ts';

/** An error as a user meets it: what `--json` prints under `error`, and what the text form is made of. */
export interface DescribedError {
  readonly code: string;
  readonly message: string;
  readonly fix?: string;
  readonly details?: object;
  readonly exit: number;
}

interface ErrorLike {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly message?: unknown;
  readonly fix?: unknown;
  readonly details?: unknown;
  readonly oclif?: { readonly exit?: unknown };
}

/** Fixes of the catalogue that only point at the message: whoever reads it needs no line that says so. */
const SAYS_NOTHING: ReadonlySet<string> = new Set([ERROR_CODES.REPRISE_USAGE.fix]);

/** Whether stacks are to be shown: DEBUG is set, and not to nothing, `0` or `false`. */
export const wantsStacks = ({ DEBUG }: Readonly<Record<string, string | undefined>>): boolean =>
  DEBUG !== undefined && !['', '0', 'false'].includes(DEBUG);

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** Any thrown value, described. Errors of any copy of @reprise/core and of oclif are understood. */
export function describeError(error: unknown): DescribedError {
  const { name, code, message, fix, details, oclif } = (isObject(error) ? error : {}) as ErrorLike;
  const text = typeof message === 'string' && message !== '' ? message : String(error);
  if (name === 'RepriseError' && typeof code === 'string') {
    return {
      code,
      message: text,
      ...(typeof fix === 'string' && !SAYS_NOTHING.has(fix) ? { fix } : {}),
      ...(isObject(details) && Object.keys(details).length > 0 ? { details } : {}),
      exit: exitCodeOf(code),
    };
  }
  // A mistake that oclif found before there was a command.
  if (oclif !== undefined)
    return {
      code: 'REPRISE_USAGE',
      message: text.replace(/\s*See more help with --help$/, ''),
      fix: '`reprise --help` lists the commands.',
      exit: EXIT.usage,
    };
  return {
    code: 'REPRISE_UNEXPECTED',
    message: text,
    fix: wantsStacks(process.env)
      ? 'If it is a mistake of Reprise, report it with the stack below.'
      : 'Set DEBUG=1 and run the command again to see where it comes from. If it is a mistake of Reprise, report it.',
    exit: EXIT.failed,
  };
}
