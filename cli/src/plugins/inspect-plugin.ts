import { findPackage, packageNameOf } from '../config/installed-package.ts';
import { isPath } from '../config/load-plugin.ts';
import { type Options, parseSchema, schemaOf } from '../config/package-schema.ts';
import type { PinnedPlugin } from '../config/plugin-file.ts';
import { EXIT } from '../errors/exit-codes.ts';
import { table } from '../output/table.ts';
import type { Terminal } from '../output/terminal.ts';
import { briefJson, pad, plain } from '../output/text.ts';
import { coreVersion } from './core-version.ts';
import { packageLines, packageShape } from './describe-package.ts';
import { fieldsOf } from './option-schema.ts';
import { parseSpec } from './package-spec.ts';
import { type PackedPackage, packPackage } from './packed-package.ts';
import { stateOf } from './plugin-state.ts';
import { readPluginProject } from './read-project.ts';

/** Prints what a package says of itself: one that the project or the command line has, or else one that could be installed. Runs nothing of it. */
export async function inspectPlugin(text: string, config: string | undefined, terminal: Terminal): Promise<number> {
  const { out, err, json } = terminal;
  const { folder, pluginFile } = await readPluginProject(config, process.cwd());
  const installed = await findPackage(packageNameOf(text), folder);
  const shown =
    installed === undefined ? await packed(text, folder) : { says: installed.says, schema: await schemaOf(installed) };
  const { says, schema } = shown;
  const entries = pluginFile.plugins.filter(({ use }) => !isPath(use) && packageNameOf(use) === says.name);
  const states = await Promise.all(
    entries.map((pinned) =>
      stateOf({ source: 'file', use: pinned.use, pinned, ...(installed === undefined ? {} : { installed }) }),
    ),
  );
  if (json) {
    await out.json({
      name: says.name,
      package: packageShape(says),
      isInstalled: installed !== undefined,
      entries: entries.map((entry, index) => ({ ...entry, differs: states[index]?.differs ?? null })),
      options: schema ?? null,
    });
    return EXIT.ok;
  }
  for (const line of packageLines(says, schema, await coreVersion(folder), out)) await out.line(line);
  for (const line of optionLines(schema, entries, terminal)) await out.line(line);
  for (const { differs } of states)
    if (differs !== undefined) await err.line(err.style('yellow', plain(`It is not what was pinned: ${differs}`)));
  if (entries.length === 0)
    await err.line(`${pluginFile.file} does not name it. To install it: reprise plugins install ${plain(text)}`);
  return EXIT.ok;
}

async function packed(
  text: string,
  folder: string,
): Promise<Pick<PackedPackage, 'says'> & { readonly schema: Options | undefined }> {
  const { says, schemaText } = await packPackage(parseSpec(text, process.cwd()), folder);
  return { says, schema: parseSchema(schemaText) };
}

/** The options that there are, with what each entry has. Environment variables are shown by their names. */
function optionLines(
  schema: Options | undefined,
  entries: readonly PinnedPlugin[],
  { out }: Terminal,
): readonly string[] {
  const fields = fieldsOf(schema);
  if (fields.length === 0) return [];
  const columns = [
    { title: 'OPTION' },
    { title: 'TYPE' },
    { title: 'DEFAULT' },
    ...entries.map(() => ({ title: 'SET TO' })),
  ];
  const shown = (value: unknown): string => (value === undefined ? '-' : briefJson(value, 40));
  const rows = fields.map((field) => [
    plain(field.name),
    plain(field.choices?.join(' | ') ?? field.type),
    field.isRequired ? 'must be given' : shown(field.default),
    ...entries.map(({ options }) => shown((options as Options | undefined)?.[field.name])),
  ]);
  // Below each other: sentences have no room in a table.
  const width = Math.max(...fields.map(({ name }) => plain(name).length));
  const meanings = fields.flatMap(({ name, description }) =>
    description === undefined ? [] : [`  ${out.style('bold', pad(plain(name), width))}  ${plain(description)}`],
  );
  return ['', ...table(out, columns, rows), ...(meanings.length === 0 ? [] : ['', ...meanings])];
}
