/** One instruction of a Dockerfile, with its lines joined. */
export interface Instruction {
  readonly name: string;
  readonly rest: string;
}

export function instructionsOf(text: string): readonly Instruction[] {
  const lines = text
    .split('\n')
    .filter((line) => !/^\s*#/.test(line))
    .join('\n')
    .replace(/\\\n\s*/g, '')
    .split('\n');
  return lines.flatMap((line) => {
    const [, name, rest] = /^\s*([A-Za-z]+)\s+(.*\S)\s*$/.exec(line) ?? [];
    return name === undefined || rest === undefined ? [] : [{ name: name.toUpperCase(), rest }];
  });
}

export interface DockerfileFacts {
  readonly exists: (path: string) => boolean;
  /** Whether .dockerignore keeps it from the build. */
  readonly ignored: (path: string) => boolean;
  /** What the repository brings for itself. */
  readonly nodeVersion: string;
  /** Environment variables that our code, or Node, reads. */
  readonly variables: ReadonlySet<string>;
}

const KNOWN = 'FROM WORKDIR COPY RUN ENV USER HEALTHCHECK STOPSIGNAL ENTRYPOINT CMD ARG LABEL EXPOSE'.split(' ');

const stagesOf = (instructions: readonly Instruction[]): readonly string[] =>
  instructions.filter(({ name }) => name === 'FROM').map(({ rest }) => / AS (\S+)$/i.exec(rest)?.[1] ?? '');

/** The stages, and the port that the healthcheck of the last one asks. */
export function imageOf(text: string): {
  readonly stages: readonly string[];
  readonly healthcheckPort: string | undefined;
} {
  const instructions = instructionsOf(text);
  const check = instructions.findLast(({ name }) => name === 'HEALTHCHECK')?.rest ?? '';
  return { stages: stagesOf(instructions), healthcheckPort: /127\.0\.0\.1:(\d+)\/readyz/.exec(check)?.[1] };
}

/** What is run as JSON, without a shell between it and signals. */
function execForm(rest: string): readonly string[] | undefined {
  try {
    const value: unknown = JSON.parse(rest);
    return Array.isArray(value) ? value.map(String) : undefined;
  } catch {
    return undefined;
  }
}

/** Everything that is wrong with it. */
export function dockerfileProblems(text: string, facts: DockerfileFacts): readonly string[] {
  const instructions = instructionsOf(text);
  const starts = instructions.flatMap(({ name }, index) => (name === 'FROM' ? [index] : []));
  const last = instructions.slice(starts.at(-1) ?? 0);
  const of = (name: string): readonly string[] => last.filter((one) => one.name === name).map(({ rest }) => rest);
  const problems: string[] = [];
  if (starts.length < 2) problems.push('what builds it is part of the image: there is one stage');
  for (const { name } of instructions) if (!KNOWN.includes(name)) problems.push(`${name} is not to be here`);
  problems.push(...fromProblems(instructions, facts), ...copyProblems(instructions, facts));
  const user = of('USER').at(-1) ?? 'root';
  if (/^(root|0)\b/.test(user)) problems.push('it runs as root');
  if (instructions.some(({ name, rest }) => /^(ENV|ARG)$/.test(name) && /PASSWORD|SECRET|TOKEN/i.test(rest)))
    problems.push('a secret is part of the image');
  for (const [, name = ''] of of('ENV').flatMap((rest) => [...rest.matchAll(/(?:^|\s)(\w+)=/g)]))
    if (!facts.variables.has(name)) problems.push(`nothing reads the environment variable ${name}`);
  const check = execForm(/CMD (.*)$/.exec(of('HEALTHCHECK').at(-1) ?? '')?.[1] ?? '');
  if (check === undefined || !check.some((part) => part.endsWith('/readyz')))
    problems.push('nothing says when it is healthy');
  const entry = execForm(of('ENTRYPOINT').at(-1) ?? '');
  if (entry === undefined) problems.push('a shell stands between it and signals');
  for (const path of [entry?.[1], check?.[1]])
    if (path !== undefined && !facts.exists(path)) problems.push(`there is no ${path} to run`);
  return problems;
}

function fromProblems(instructions: readonly Instruction[], { nodeVersion }: DockerfileFacts): readonly string[] {
  const images = instructions.filter(({ name }) => name === 'FROM').map(({ rest }) => rest.split(' ')[0] ?? '');
  return images
    .filter((image) => !image.startsWith(`node:${nodeVersion}-`))
    .map((image) => `${image} is not Node ${nodeVersion}, which the repository is tested on`);
}

function copyProblems(instructions: readonly Instruction[], { exists, ignored }: DockerfileFacts): readonly string[] {
  const problems: string[] = [];
  const before: string[] = [];
  for (const { name, rest } of instructions) {
    if (name === 'FROM') before.push(/ AS (\S+)$/i.exec(rest)?.[1] ?? '');
    if (name !== 'COPY') continue;
    const from = /--from=(\S+)/.exec(rest)?.[1];
    const sources = rest
      .replace(/--\S+\s+/g, '')
      .split(/\s+/)
      .slice(0, -1);
    if (from !== undefined && !before.slice(0, -1).includes(from)) problems.push(`there is no stage ${from} before it`);
    for (const source of sources) {
      const path = source.replace(/^\/app\/?/, '');
      // Made in the stage before.
      if (path === '' || path === 'node_modules') continue;
      if (!exists(path)) problems.push(`there is no ${path} to copy`);
      else if (ignored(path)) problems.push(`.dockerignore keeps ${path} away`);
    }
  }
  return problems;
}

/** Whether a path is kept from the build by the lines of a .dockerignore: those that it needs, no more. */
export function dockerIgnores(text: string): (path: string) => boolean {
  const rules = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const deep = line.startsWith('**/');
      const body = (deep ? line.slice(3) : line).replace(/[.+^${}()|[\]\\]/g, '\\$&').replace(/\*/g, '[^/]*');
      return new RegExp(`^${deep ? '(?:.*/)?' : ''}${body}(?:/|$)`);
    });
  return (path) => rules.some((rule) => rule.test(path.replace(/^\.\//, '')));
}
