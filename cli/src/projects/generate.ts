import { join, relative } from 'node:path';
import { didYouMean } from '@reprise/core';
import { textOf } from '../config/package-type.ts';
import { isDataFile } from '../config/read-config.ts';
import { usageError } from '../errors/usage-error.ts';
import type { Terminal } from '../output/terminal.ts';
import { testedWorkflow } from './find-tested.ts';
import { kebabName } from './names.ts';
import { findPlace, folderFor, isCode, isTaken, type Place, pathFrom, refuseNamesake } from './place.ts';
import {
  agentSource,
  pluginSource,
  projectionSource,
  type Source,
  strategySource,
  testSource,
  workflowSource,
} from './sources.ts';
import { writeNew } from './write-files.ts';

export const GENERATED = ['workflow', 'agent', 'strategy', 'plugin', 'test', 'projection'] as const;

type Kind = (typeof GENERATED)[number];

/** A file that was made, and what is still to be done so that it is used. */
interface Made {
  readonly file: string;
  /** What the configuration needs; undefined: it takes the file as it is. */
  readonly add?: string;
  readonly next: readonly string[];
  /** Anything else that is worth knowing. */
  readonly note?: string;
}

/** Writes one file of a project. Never overwrites. */
export async function generate(
  kind: string,
  name: string,
  flags: { readonly config?: string | undefined },
  terminal: Terminal,
): Promise<void> {
  const known = GENERATED.find((one) => one === kind);
  if (known === undefined) {
    const list = GENERATED.join(', ');
    throw usageError(`\`${kind}\` cannot be generated${didYouMean(kind, GENERATED)} (there are ${list}).`);
  }
  const checked = known === 'test' ? name : kebabName(name);
  const place = await findPlace(flags.config, process.cwd());
  await report(known, checked, place, await make(known, checked, place, flags.config), terminal);
}

async function make(kind: Kind, name: string, place: Place, config: string | undefined): Promise<Made> {
  switch (kind) {
    case 'workflow': {
      const made = listed(place, name, 'workflows', workflowSource(name));
      return { ...made, next: [`npx reprise run start ${name} --follow`, `npx reprise generate test ${name}`] };
    }
    case 'agent': {
      const note = `A task asks for it as '${name}', or a workflow imports it.`;
      return { ...listed(place, name, 'agents', agentSource(name)), note };
    }
    case 'strategy': {
      const made = pluggedIn(place, name, 'strategies', strategySource(name));
      return { ...made, note: `A workflow asks for it: workflow('…', { strategy: '${name}' }).` };
    }
    case 'plugin':
      return pluggedIn(place, name, 'plugins', pluginSource(name));
    case 'projection':
      return projection(place, name);
    case 'test': {
      const tested = await testedWorkflow(name, config, join(place.folder, 'test'));
      const file = join(place.folder, 'test', `${name}.test.${place.extension}`);
      writeNew(file, testSource(tested));
      const note = 'It hands the workflow {} and has every agent give {}: say there what they are handed and give.';
      return { file, next: [`node --test ${pathFrom(process.cwd(), file)}`], note };
    }
  }
}

/** A module that a list of the configuration takes. */
function listed(place: Place, name: string, key: 'workflows' | 'agents', { text }: Source): Made {
  const folder = folderFor(place, key, key);
  refuseNamesake(folder, name);
  const file = join(folder, `${name}.${place.extension}`);
  writeNew(file, text);
  const next = ['npx reprise doctor'];
  if (isTaken(place, key, file)) return { file, next };
  const entry = pathFrom(place.folder, folder);
  return { file, add: isCode(place) ? `${key}: ['${entry}']` : `${key}: [${entry}]`, next };
}

/** A module that the configuration names among its plugins. */
function pluggedIn(place: Place, name: string, folder: string, { text, export: exported }: Source): Made {
  const file = join(place.folder, folder, `${name}.${place.extension}`);
  refuseNamesake(join(place.folder, folder), name);
  writeNew(file, text);
  const use = pathFrom(place.folder, file);
  const add = isCode(place)
    ? `plugins: [{ use: '${use}', export: '${exported}' }]`
    : `plugins: [{ use: ${use}, export: ${exported} }]`;
  return { file, add, next: ['npx reprise doctor'] };
}

function projection(place: Place, name: string): Made {
  const file = join(place.folder, 'projections', `${name}.${place.extension}`);
  refuseNamesake(join(place.folder, 'projections'), name);
  const { text, export: exported } = projectionSource(name);
  writeNew(file, text);
  const add = `import { ${exported} } from '${pathFrom(place.folder, file)}';  and  projections: [${exported}]`;
  const next = [`npx reprise views show ${name}`];
  if (isCode(place)) return { file, add, next };
  return {
    file,
    add,
    next,
    note: 'Projections are named in code only: the configuration has to become one in TypeScript.',
  };
}

/** Whether the configuration may name its parts: that of @reprise/core is typed otherwise. */
const namesParts = ({ file }: Place): boolean =>
  file === undefined || isDataFile(file) || !textOf(file)?.includes("'@reprise/core'");

async function report(kind: Kind, name: string, place: Place, made: Made, { out, err, json }: Terminal): Promise<void> {
  const { file, add, next, note } = made;
  if (json) {
    await out.json({ kind, name, file, config: place.file ?? null, add: add ?? null, next, note: note ?? null });
    return;
  }
  await out.line(relative(process.cwd(), file));
  const config =
    place.file === undefined ? 'a configuration (`reprise init` makes one)' : relative(process.cwd(), place.file);
  if (place.problem !== undefined) await err.line(`The configuration could not be read: ${place.problem}`);
  if (add !== undefined) {
    await err.line(
      `So that it is used, ${config} needs${namesParts(place) ? '' : ', with defineConfig of @reprise/cli'}:`,
    );
    await err.line(`  ${add}`);
  } else if (kind !== 'test') {
    await err.line(`${config} takes it as it is.`);
  }
  if (note !== undefined) await err.line(note);
  for (const command of next) await err.line(`  ${command}`);
}
