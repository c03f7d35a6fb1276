import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, Parser } from '@oclif/core';
import { ROOT } from './tools.ts';

const COMMANDS = join(ROOT, 'cli', 'src', 'commands');

/** What the command line has against an argv; undefined when it would take it. */
export async function refusalOf(argv: readonly string[]): Promise<string | undefined> {
  const [first = '', second = ''] = argv;
  const nested = join(COMMANDS, first, `${second}.ts`);
  const plain = join(COMMANDS, `${first}.ts`);
  const [file, rest] = existsSync(nested) ? [nested, argv.slice(2)] : [plain, argv.slice(1)];
  if (!existsSync(file)) return 'there is no such command';
  const { default: command } = (await import(file)) as { readonly default: typeof Command };
  try {
    const { args, flags, baseFlags } = command;
    await Parser.parse([...rest], { args, flags: { ...baseFlags, ...flags }, strict: true });
    return undefined;
  } catch (error) {
    return (error as Error).message.split('\n')[0];
  }
}

/** Environment variables that the command line and the cluster's configuration read. */
export function variablesRead(): ReadonlySet<string> {
  const config = readFileSync(join(ROOT, 'cluster', 'reprise.config.ts'), 'utf8');
  const [, destructured = ''] = /const \{([^}]*)\} = process\.env/.exec(config) ?? [];
  const sources = globSync('**/*.ts', { cwd: join(ROOT, 'cli', 'src') }).map((file) =>
    readFileSync(join(ROOT, 'cli', 'src', file), 'utf8'),
  );
  const inSources = sources.flatMap((text) => [...text.matchAll(/(?:process\.env\[|\benv: )'([A-Z_]+)'/g)]);
  const inConfig = [...destructured.replace(/\/\/.*$/gm, '').matchAll(/\b([A-Z][A-Z_]+)\b/g)];
  return new Set([...inSources, ...inConfig].map(([, name = '']) => name));
}
