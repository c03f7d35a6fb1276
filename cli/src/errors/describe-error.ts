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

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** Any thrown value, described. Errors of any copy of @reprise/core and of oclif are understood. */
export function describeError(error: unknown): DescribedError {
  const { name, code, message, fix, details, oclif } = (isObject(error) ? error : {}) as ErrorLike;
  const text = typeof message === 'string' && message !== '' ? message : String(error);
  if (name === 'RepriseError' && typeof code === 'string') {
    return {
      code,
      message: text,
      ...(typeof fix === 'string' ? { fix } : {}),
      ...(isObject(details) && Object.keys(details).length > 0 ? { details } : {}),
      exit: exitCodeOf(code),
    };
  }
  if (oclif !== undefined) {
    // oclif ends its messages with a pointer of its own.
    const said = text.replace(/\n?See more help with --help$/, '').trim();
    return {
      code: 'REPRISE_USAGE',
      message: said,
      fix: 'Run the command with --help to see its usage.',
      exit: EXIT.usage,
    };
  }
  return {
    code: 'REPRISE_UNEXPECTED',
    message: text,
    fix: 'Set DEBUG=1 and run the command again to see where it comes from. If it is a mistake of Reprise, report it.',
    exit: EXIT.failed,
  };
}
