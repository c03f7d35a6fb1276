import { relative } from 'node:path';
import { loadProject } from '../config/load-project.ts';
import { tableOrFolded } from '../output/table.ts';
import type { Terminal } from '../output/terminal.ts';
import { plain } from '../output/text.ts';

/** Prints the workflows that the configuration names. */
export async function listWorkflows(
  flags: { readonly config?: string | undefined },
  { out, err, json }: Terminal,
): Promise<void> {
  const from = process.cwd();
  const { workflows, file } = await loadProject(flags.config, from);
  const shapes = workflows.map(({ workflow: { definition, hash }, source }) => ({
    name: definition.name,
    version: definition.version,
    hash,
    description: definition.description ?? null,
    strategy: definition.strategy,
    tasks: definition.tasks.map(({ id, agent, capability }) => ({
      id,
      agent: agent ?? null,
      capability: capability ?? null,
    })),
    source: relative(from, source) || source,
  }));
  if (json) {
    await out.json({ workflows: shapes });
    return;
  }
  if (shapes.length === 0) {
    await err.line(`${file} names no workflow. Add one to \`workflows\`.`);
    return;
  }
  const columns = [
    { title: 'WORKFLOW' },
    { title: 'VERSION' },
    { title: 'TASKS', align: 'right' },
    { title: 'FROM', flexible: true },
    { title: 'DESCRIPTION', flexible: true },
  ] as const;
  const rows = shapes.map((one) => [
    one.name,
    one.version,
    String(one.tasks.length),
    one.source,
    plain(one.description ?? ''),
  ]);
  for (const line of tableOrFolded(out, columns, rows)) await out.line(line);
}
