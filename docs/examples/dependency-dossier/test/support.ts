import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { Agent, AgentContext } from '@reprise/core';

/** The repository that this example lies in: its own lockfile and node_modules are the real input of the tests. */
export const REPOSITORY = resolve(import.meta.dirname, '../../../..');

export interface ObservedContext extends AgentContext {
  readonly beats: () => number;
}

export function testContext(signal: AbortSignal = new AbortController().signal): ObservedContext {
  let beats = 0;
  const quiet = (): void => undefined;
  return {
    signal,
    traceparent: undefined,
    logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    messages: {} as AgentContext['messages'],
    heartbeat: () => {
      beats += 1;
    },
    emit: quiet,
    usage: quiet,
    spawn: quiet,
    finish: quiet,
    handOff: quiet,
    goto: quiet,
    link: quiet,
    addItems: quiet,
    cancel: quiet,
    beats: () => beats,
  };
}

/** Calls an agent as the worker does: input and output go through JSON and through the agent's schemas. */
export async function call<Input, Output>(
  agent: Agent<Input, Output>,
  input: unknown,
  options: { readonly context?: AgentContext; readonly round?: number; readonly key?: string } = {},
): Promise<Output> {
  const validated = await validate<Input>(agent.name, agent.inputSchema, JSON.parse(JSON.stringify(input)));
  const task = {
    input: validated,
    runId: 'run',
    workflow: 'dossier',
    taskId: agent.name,
    attempt: 1,
    round: options.round ?? 1,
    idempotencyKey: options.key ?? `run/${agent.name}`,
    may: [],
  };
  const output: unknown = await agent.handle(task, options.context ?? testContext());
  return validate<Output>(agent.name, agent.outputSchema, JSON.parse(JSON.stringify(output)));
}

async function validate<T>(name: string, schema: Agent<T, T>['inputSchema'], value: unknown): Promise<T> {
  if (schema === undefined) throw new Error(`${name} has no schema`);
  const result = await schema['~standard'].validate(value);
  if (result.issues !== undefined) throw new Error(`${name}: ${JSON.stringify(result.issues)}`);
  return result.value;
}

/** What a promise is rejected with. */
export async function failure(promise: Promise<unknown>): Promise<Error & { code?: string; retryable?: boolean }> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
  throw new Error('Expected a rejection.');
}

/** A temporary folder with these files; an object is written as JSON, a Buffer as it is. Removed by `remove`. */
export async function folderWith(
  files: Readonly<Record<string, string | Buffer | object>>,
): Promise<{ readonly folder: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'dossier-'));
  for (const [path, content] of Object.entries(files)) {
    const target = join(folder, path);
    await mkdir(dirname(target), { recursive: true });
    const data = typeof content === 'string' || Buffer.isBuffer(content) ? content : JSON.stringify(content);
    await writeFile(target, data);
  }
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}
