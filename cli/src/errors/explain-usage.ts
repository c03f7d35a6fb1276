import { didYouMean, nearest, type RepriseError } from '@reprise/core';
import { usageError } from './usage-error.ts';

/** What a command takes, as far as a mistake in its use is told by it. */
export interface CommandUsage {
  /** `run start`. */
  readonly name: string;
  readonly args: Readonly<Record<string, { readonly required?: boolean; readonly description?: string }>>;
  readonly flags: Readonly<Record<string, { readonly helpValue?: unknown; readonly options?: readonly string[] }>>;
}

interface ParserError {
  readonly message: string;
  readonly oclif?: unknown;
  readonly code?: unknown;
  /** Of what was missing, objects; of what was too much, texts. */
  readonly args?: unknown;
  readonly flags?: unknown;
}

/** oclif ends its messages with a pointer of its own, and breaks lines for a box. */
const said = (message: string): string =>
  message
    .replace(/\s*See more help with --help\s*$/, '')
    .replace(/^The following errors? occurred:/, '')
    .replace(/^Parsing (--\S+)\s+/, '$1: ')
    .replace(/^(--\S+): \1 /, '$1 ')
    .replace(/\s+/g, ' ')
    .trim();

/** What the parser found wrong, with what would be right; undefined for what is no mistake of use. */
export function explainUsage(error: ParserError, usage: CommandUsage): RepriseError | undefined {
  if (error.oclif === undefined || error.code === 'EEXIT') return undefined;
  const help = `\`reprise ${usage.name} --help\``;
  const [flag] = Array.isArray(error.flags) ? (error.flags as readonly unknown[]) : [];
  if (typeof flag === 'string') {
    const known = Object.keys(usage.flags).map((name) => `--${name}`);
    const message = `There is no flag ${flag}${didYouMean(flag, known)}`;
    const query = /^-[\w.]+[:=<>!]/.test(flag)
      ? ` A query that begins with - comes after --: \`reprise ${usage.name} -- '${flag}'\`.`
      : '';
    return usageError(message, nearest(flag, known) === undefined ? { fix: `${help} lists the flags.${query}` } : {});
  }
  const text = said(error.message);
  const args: readonly unknown[] = Array.isArray(error.args) ? error.args : [];
  if (/^Missing \d+ required arg/.test(text)) {
    const missing = args.map((one) => (one as { readonly name: string }).name);
    const about = missing.map((name) => `  ${name}  ${usage.args[name]?.description ?? ''}`.trimEnd());
    const message = [`${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} missing:`, ...about].join('\n');
    return usageError(message, { fix: `Write \`${synopsis(usage)}\`.` });
  }
  if (/^Unexpected argument/.test(text)) {
    const fix =
      'query' in usage.args
        ? "A query with spaces is one argument, in quotes: 'status:failed workflow:order'."
        : `Write \`${synopsis(usage)}\`.`;
    return usageError(`${text}.`, { fix });
  }
  const [, valueless = ''] = /^Flag --(\S+) expects (?:a value$|one of these values: )/.exec(text) ?? [];
  if (valueless !== '') {
    const { helpValue, options } = usage.flags[valueless] ?? {};
    const value = options === undefined ? (typeof helpValue === 'string' ? helpValue : 'VALUE') : options.join('|');
    return usageError(`--${valueless} needs a value: --${valueless} ${value}`);
  }
  const [, one, other] = /^--([^\s=]+)(?:=\S*)? cannot also be provided when using --([^\s=]+)/.exec(text) ?? [];
  if (one !== undefined) return usageError(`--${one} and --${other} exclude each other: leave one of them out.`);
  const [, option, given = ''] = /^Expected --([^\s=]+)=(.*) to be one of: /.exec(text) ?? [];
  if (option !== undefined) {
    const { options = [] } = usage.flags[option] ?? {};
    return usageError(
      `--${option} cannot be '${given}'${didYouMean(given, options)} (it is one of ${options.join(', ')}).`,
    );
  }
  // What a flag that is parsed says is whole: it names the flag, and what its value may be.
  return usageError(text, /^--\S+/.test(text) ? {} : { fix: `${help} shows how it is used.` });
}

/** `reprise run signal <run> <name>`. */
const synopsis = ({ name, args }: CommandUsage): string =>
  [
    'reprise',
    name,
    ...Object.entries(args).map(([arg, { required }]) => (required === true ? `<${arg}>` : `[${arg}]`)),
  ].join(' ');
