import { usageError } from '../errors/usage-error.ts';
import type { Terminal } from '../output/terminal.ts';
import { plain } from '../output/text.ts';
import { namesOf } from './names.ts';
import { SCRIPTS, SHELLS, type Shell } from './scripts.ts';
import { type KnownCommand, suggest } from './suggest.ts';

/** A command as oclif has it. */
export interface ListedCommand {
  readonly id: string;
  readonly hidden?: boolean;
  readonly args: Readonly<Record<string, { readonly options?: readonly string[] }>>;
  readonly flags: Readonly<
    Record<string, { readonly char?: string; readonly type: string; readonly options?: readonly string[] }>
  >;
}

/** Prints the script of a shell, or what may stand in the place of the last word. Throws REPRISE_USAGE. */
export async function printCompletion(
  given: readonly string[],
  { suggest: suggests = false }: { readonly suggest?: boolean },
  commands: readonly ListedCommand[],
  { out, json }: Terminal,
): Promise<void> {
  if (!suggests) {
    const [shell, ...more] = given;
    if (more.length > 0 || !SHELLS.includes(shell as Shell))
      throw usageError(
        `${shell === undefined ? 'The shell is missing' : `'${given.join(' ')}' is no shell that is known`}: ${SHELLS.join(', ')}.`,
        {
          fix: 'Write `reprise completion bash`.',
        },
      );
    const script = SCRIPTS[shell as Shell];
    if (json) return out.json({ shell: shell ?? null, script });
    for (const line of script.trimEnd().split('\n')) await out.line(line);
    return;
  }
  const found = suggest(commands.filter(({ hidden }) => hidden !== true).map(known), given);
  const words = 'words' in found ? found.words : await namesOf(found.wanted, given.at(-1) ?? '');
  if (json) return out.json({ words });
  for (const word of words) await out.line(plain(word));
}

const known = ({ id, args, flags }: ListedCommand): KnownCommand => ({
  name: id.replaceAll(':', ' '),
  args: Object.entries(args).map(([name, { options }]) => ({ name, ...(options === undefined ? {} : { options }) })),
  flags: Object.fromEntries(
    Object.entries(flags).map(([name, { char, type, options }]) => [
      name,
      { char, options, hasValue: type === 'option' },
    ]),
  ),
});
