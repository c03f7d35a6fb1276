/** A command, as far as it matters here. */
export interface KnownCommand {
  /** `run show`; other names of it are commands of their own. */
  readonly name: string;
  readonly args: readonly { readonly name: string; readonly options?: readonly string[] }[];
  readonly flags: Readonly<Record<string, KnownFlag>>;
}

export interface KnownFlag {
  readonly char?: string | undefined;
  /** Whether a value follows. */
  readonly hasValue: boolean;
  readonly options?: readonly string[] | undefined;
}

/** What a word stands for, whose values only the store or the project knows. `before`: the arguments that stand before it, `flags` those with a value. */
export interface Wanted {
  readonly command: string;
  readonly kind: string;
  readonly before: readonly string[];
  readonly flags: Readonly<Record<string, string>>;
}

export type Suggested = { readonly words: readonly string[] } | { readonly wanted: Wanted };

const NOTHING: Suggested = { words: [] };

/** What may stand in the place of the last word. */
export function suggest(commands: readonly KnownCommand[], words: readonly string[]): Suggested {
  const last = words.at(-1) ?? '';
  const given = words.slice(0, -1);
  const command = commandIn(commands, given);
  if (command === undefined) {
    // A topic, or nothing yet: what may follow it.
    const begin = given.length === 0 ? '' : `${given.join(' ')} `;
    const next = commands
      .filter(({ name }) => name.startsWith(begin))
      .map(({ name }) => name.slice(begin.length).split(' ', 1)[0] ?? '');
    return fitting(next, last);
  }
  const rest = given.slice(command.name.split(' ').length);
  const { before, flags, open } = read(command, rest);
  if (open !== undefined) return valuesOf(command, open, before, flags, last);
  if (last.startsWith('-') && last !== '-') {
    const [, name = '', value] = /^--([^=]+)=(.*)$/s.exec(last) ?? [];
    if (value === undefined) return fitting([...Object.keys(command.flags).map((flag) => `--${flag}`), '--help'], last);
    const found = valuesOf(command, name, before, flags, value);
    return 'words' in found ? { words: found.words.map((word) => `--${name}=${word}`) } : NOTHING;
  }
  const argument = command.args[Math.min(before.length, command.args.length - 1)];
  if (argument === undefined) return NOTHING;
  if (argument.options !== undefined) return fitting(argument.options, last);
  return { wanted: { command: command.name, kind: argument.name, before, flags } };
}

/** The longest that the words begin with. */
function commandIn(commands: readonly KnownCommand[], words: readonly string[]): KnownCommand | undefined {
  const said = `${words.join(' ')} `;
  return commands
    .filter(({ name }) => said.startsWith(`${name} `))
    .toSorted((a, b) => b.name.length - a.name.length)[0];
}

/** The arguments and the flags among words; `open`: the flag whose value comes next. */
function read({ flags: known }: KnownCommand, words: readonly string[]) {
  const before: string[] = [];
  const flags: Record<string, string> = {};
  let open: string | undefined;
  for (const word of words) {
    if (open !== undefined) {
      flags[open] = word;
      open = undefined;
      continue;
    }
    const [, long, value] = /^--([^=]+)(?:=(.*))?$/s.exec(word) ?? [];
    const short = /^-[a-zA-Z]$/.test(word) ? word.slice(1) : undefined;
    const name = long ?? Object.keys(known).find((flag) => known[flag]?.char === short && short !== undefined);
    if (name === undefined) before.push(word);
    else if (value !== undefined) flags[name] = value;
    else if (known[name]?.hasValue === true) open = name;
  }
  return { before, flags, open };
}

function valuesOf(
  { name: command, flags: known }: KnownCommand,
  flag: string,
  before: readonly string[],
  flags: Readonly<Record<string, string>>,
  last: string,
): Suggested {
  const { options } = known[flag] ?? {};
  return options === undefined ? { wanted: { command, kind: `--${flag}`, before, flags } } : fitting(options, last);
}

const fitting = (words: readonly string[], beginning: string): Suggested => ({
  words: [...new Set(words)].filter((word) => word.startsWith(beginning)).sort(),
});
