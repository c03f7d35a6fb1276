import type { PackageSays } from '../config/package-says.ts';
import type { Options } from '../config/package-schema.ts';
import type { Screen } from '../output/terminal.ts';
import { plain } from '../output/text.ts';
import { coreProblem } from './core-range.ts';
import { fieldsOf } from './option-schema.ts';

/** What a package says of itself, as lines. All of it is shown, and none of it obeyed. */
export function packageLines(
  says: PackageSays,
  schema: Options | undefined,
  core: string,
  screen: Screen,
): readonly string[] {
  const { declares } = says;
  const list = (items: readonly string[] | undefined): string =>
    items === undefined ? 'says nothing' : items.length === 0 ? 'none' : items.join(', ');
  const rows: readonly (readonly [string, string])[] = [
    ['kind', says.kinds.join(', ') || (says.hasCommands ? 'commands only' : 'says nothing')],
    ...(says.hasCommands && says.kinds.length > 0 ? [['commands', 'adds some to reprise'] as const] : []),
    ['network', list(declares?.network)],
    ['files', list(declares?.files)],
    ['processes', declares?.processes === undefined ? 'says nothing' : declares.processes ? 'starts some' : 'none'],
    ['made for', says.core === undefined ? 'says nothing' : `@reprise/core ${says.core}`],
    ['license', says.license ?? 'says nothing'],
    ...(says.installScripts.length > 0 ? [['scripts', `${says.installScripts.join(', ')} (not run)`] as const] : []),
    ...(says.options === undefined ? [] : [['options', optionNames(schema)] as const]),
  ];
  const warnings = [
    ...says.problems,
    ...(says.options !== undefined && schema === undefined
      ? [`${says.options}, the schema of its options, cannot be read`]
      : []),
    ...(coreProblem(says.core, core) ?? []),
  ];
  return [
    `${screen.style('bold', plain(`${says.name} ${says.version}`))}${says.description === undefined ? '' : `  ${plain(says.description)}`}`,
    ...rows.map(([name, value]) => `  ${name.padEnd(9)}  ${plain(value)}`),
    ...warnings.map((warning) => `  ${screen.style('yellow', 'warning')}    ${plain(warning)}`),
    '  This is what the package says of itself. Nothing of it is enforced: a plugin can do whatever your user can.',
  ];
}

function optionNames(schema: Options | undefined): string {
  const names = fieldsOf(schema).map(({ name, isRequired }) => (isRequired ? `${name} (must be given)` : name));
  return names.length === 0 ? 'none' : names.join(', ');
}

/** As JSON. */
export const packageShape = (says: PackageSays): object => ({
  name: says.name,
  version: says.version,
  description: says.description ?? null,
  kinds: says.kinds,
  commands: says.hasCommands,
  declares: {
    network: says.declares?.network ?? null,
    files: says.declares?.files ?? null,
    processes: says.declares?.processes ?? null,
  },
  core: says.core ?? null,
  installScripts: says.installScripts,
  problems: says.problems,
});
