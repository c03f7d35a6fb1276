import { existsSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import {
  type AnyPlugin,
  type AnyStrategy,
  type DefinitionProblem,
  definitionWarnings,
  didYouMean,
  formatProblem,
  graphStrategy,
  type JsonObject,
  type KnownAgent,
  RepriseError,
  sequentialStrategy,
  strategyProblems,
  systemClock,
  systemIds,
  systemRandom,
  toErrorData,
  validateDefinition,
  visibleText,
} from '@reprise/core';
import { findConfig } from '../config/find-config.ts';
import { loadAgents } from '../config/load-agents.ts';
import { loadPlugins } from '../config/load-plugins.ts';
import { type SourcedWorkflow, workflowSources, workflowsIn } from '../config/load-workflows.ts';
import { readConfig } from '../config/read-config.ts';
import { EXIT } from '../errors/exit-codes.ts';
import type { Terminal } from '../output/terminal.ts';
import { count } from '../output/text.ts';
import { looksLikeFile } from './pick-workflow.ts';

/** What was found out about one workflow, or about a file that none could be read from. */
interface Verdict {
  readonly name: string | null;
  readonly version: string | null;
  readonly source: string;
  readonly problems: readonly string[];
  /** What has no effect; a workflow is valid all the same. */
  readonly warnings: readonly string[];
}

/** What the configuration brings, with everything that cannot be loaded as a verdict instead of an error. */
interface Known {
  readonly workflows: readonly SourcedWorkflow[];
  readonly agents: readonly KnownAgent[] | undefined;
  /** Those of the configuration, and those that are always there. */
  readonly strategies: readonly AnyStrategy[];
  readonly broken: readonly Verdict[];
}

/** Checks workflows by name or by file; without any, all that the configuration names. Returns the exit code. */
export async function validateWorkflows(
  typed: readonly string[],
  flags: { readonly config?: string | undefined },
  terminal: Terminal,
): Promise<number> {
  const known = await knownTo(flags.config, typed);
  const verdicts: Verdict[] = [];
  if (typed.length === 0) verdicts.push(...known.broken, ...known.workflows.map((one) => check(one, known)));
  for (const one of typed)
    verdicts.push(...(looksLikeFile(one) ? await checkFile(one, known) : [checkNamed(one, known)]));
  await print(verdicts, known.agents !== undefined, terminal);
  return verdicts.every(({ problems }) => problems.length === 0) ? EXIT.ok : EXIT.invalid;
}

/** A file can be checked without a configuration; the agents are then not known. */
async function knownTo(config: string | undefined, typed: readonly string[]): Promise<Known> {
  const filesOnly = typed.length > 0 && typed.every(looksLikeFile);
  let file: string;
  try {
    file = findConfig(config, process.cwd());
  } catch (error) {
    if (filesOnly && config === undefined) return { workflows: [], agents: undefined, strategies: [], broken: [] };
    throw error;
  }
  const read = await readConfig(file);
  const workflows: SourcedWorkflow[] = [];
  const broken: Verdict[] = [];
  for (const { source, load } of await workflowSources(read)) {
    try {
      workflows.push(...(await load()));
    } catch (error) {
      broken.push(unread(source, error));
    }
  }
  const plugins = await loadPlugins(read);
  const [agents, ofPlugins, strategies] = await Promise.all([
    loadAgents(read),
    agentsOf(plugins),
    strategiesOf(plugins),
  ]);
  return {
    workflows,
    agents: [...agents, ...ofPlugins, ...workflows.flatMap(({ workflow }) => workflow.agents)],
    strategies,
    broken,
  };
}

async function strategiesOf(plugins: readonly AnyPlugin[]): Promise<readonly AnyStrategy[]> {
  const context = { clock: systemClock, ids: systemIds, random: systemRandom };
  const made = plugins.flatMap((plugin) => (plugin.kind === 'scheduler' ? [plugin.create(context)] : []));
  return [graphStrategy, sequentialStrategy, ...(await Promise.all(made))];
}

/** The agents that plugins bring. They are made, and not called. */
export async function agentsOf(plugins: readonly AnyPlugin[]): Promise<readonly KnownAgent[]> {
  const context = { clock: systemClock, ids: systemIds, random: systemRandom };
  const made = await Promise.all(
    plugins.flatMap((plugin) => (plugin.kind === 'agent' ? [plugin.create(context)] : [])),
  );
  return made.flat();
}

function check(
  { workflow, source }: SourcedWorkflow,
  { agents, workflows, strategies }: Pick<Known, 'agents' | 'workflows' | 'strategies'>,
): Verdict {
  const { definition } = workflow;
  const children = [...workflows.map((one) => one.workflow), ...(workflow.children ?? [])];
  const { inputSchema } = workflow;
  const workflowsKnown = children.map((child) => ({ ...child.definition, inputSchema: child.inputSchema }));
  const agentsKnown: readonly KnownAgent[] = [...(agents ?? []), ...workflow.agents];
  const problems: readonly DefinitionProblem[] = validateDefinition(definition, {
    isOfUser: true,
    schemas: { agents: agentsKnown, workflows: workflowsKnown, inputSchema },
    ...(agents === undefined ? {} : { agents: agentsKnown, workflows: workflowsKnown }),
  });
  return {
    name: definition.name,
    version: definition.version,
    source,
    problems: [
      ...problems,
      // Without a configuration they are not known.
      ...(agents === undefined ? [] : strategyProblems(definition, strategies, agentsKnown)),
    ].map(formatProblem),
    warnings: definitionWarnings(definition).map(formatProblem),
  };
}

async function checkFile(path: string, known: Known): Promise<readonly Verdict[]> {
  const source = resolve(path);
  try {
    return (await workflowsIn(source)).map((one) => check(one, known));
  } catch (error) {
    return [unread(source, error)];
  }
}

function checkNamed(name: string, known: Known): Verdict {
  const { workflows, broken } = known;
  const found = workflows.findLast(({ workflow: { definition } }) =>
    [definition.name, `${definition.name}@${definition.version}`].includes(name),
  );
  if (found !== undefined) return check(found, known);
  const names = workflows.map(({ workflow }) => workflow.definition.name);
  const notRead =
    broken.length === 0
      ? ''
      : `; ${count(broken.length, 'file')} could not be read: validate without a name to see why`;
  throw new RepriseError(
    'REPRISE_WORKFLOW_UNKNOWN',
    `There is no workflow '${name}'${didYouMean(name, names)} (there are: ${names.join(', ') || 'none'}${notRead}).`,
    existsSync(name) ? { fix: `There is a file or folder of that name: to check a file, write ./${name}.` } : {},
  );
}

const unread = (source: string, error: unknown): Verdict => ({
  name: null,
  version: null,
  source,
  problems: problemsOf(error),
  warnings: [],
});

/** A definition's problems one by one, or what else went wrong. */
function problemsOf(error: unknown): readonly string[] {
  const { message, details } = toErrorData(error, 'REPRISE_CONFIG_INVALID');
  const listed = (details as JsonObject | undefined)?.['problems'];
  if (!Array.isArray(listed) || listed.length === 0) return [message];
  return listed.map((problem: unknown) =>
    typeof problem === 'string' ? problem : formatListed(problem as ListedProblem),
  );
}

interface ListedProblem {
  readonly path: string;
  readonly message: string;
  readonly line?: number;
  readonly column?: number;
}

const formatListed = ({ path, message, line, column }: ListedProblem): string =>
  `${line === undefined ? '' : `${line}:${column ?? 1} `}${path === '' ? '' : `${path}: `}${message}`;

async function print(verdicts: readonly Verdict[], agentsKnown: boolean, { out, err, json }: Terminal): Promise<void> {
  const from = process.cwd();
  const shapes = verdicts.map((one) => ({
    ...one,
    source: relative(from, one.source) || one.source,
    valid: one.problems.length === 0,
  }));
  if (json) {
    await out.json({ valid: shapes.every(({ valid }) => valid), agentsChecked: agentsKnown, workflows: shapes });
    return;
  }
  for (const { name, version, source, problems, warnings, valid } of shapes) {
    const what = name === null ? source : `${name}@${version}  ${out.style('dim', source)}`;
    await out.line(`${valid ? out.style('green', '✔') : out.style('red', '✖')} ${what}`);
    for (const problem of problems) for (const line of visibleText(problem).split('\n')) await out.line(`    ${line}`);
    for (const warning of warnings) await out.line(`    ${out.style('yellow', 'warning')} ${visibleText(warning)}`);
  }
  if (shapes.length === 0) await err.line('The configuration names no workflow.');
  if (!agentsKnown)
    await err.line(err.style('dim', 'No configuration was found, so it was not checked whether the agents exist.'));
}
