import { type MaxUsage, parseDuration } from '@reprise/core/plugin';
import { invalid } from './invalid.ts';
import type {
  AgentOptions,
  ModelOptions,
  Prices,
  ResolvedLlmAgentOptions,
  StructuredOutput,
  TaskWords,
  ToolOptions,
} from './options.ts';
import { type Schema, schemaOf } from './schema.ts';

export interface Tool {
  /** `{ agent }`, `{ capability }` or `{ workflow }`. */
  readonly performer: TaskWords;
  readonly description: string;
  readonly parameters: Schema;
  /** Further words of the task of each call. */
  readonly words: TaskWords;
}

/** All that one agent goes by. */
export interface Settings {
  readonly name: string;
  readonly model: string;
  readonly system: string | undefined;
  readonly temperature: number | undefined;
  readonly topP: number | undefined;
  readonly maxOutputTokens: number | undefined;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly schema: Schema | undefined;
  readonly structured: StructuredOutput;
  readonly repairs: number;
  readonly tools: ReadonlyMap<string, Tool>;
  readonly maxTurns: number;
  readonly turn: TaskWords;
  readonly stream: boolean;
  readonly record: boolean;
  readonly idleMs: number;
  readonly prices: Prices | undefined;
  readonly maxUsage: MaxUsage | undefined;
  redact(text: string): string;
}

/** What an agent says for itself, else what is said for all. Throws REPRISE_CONFIG_INVALID when there is no model. */
export function settingsOf(name: string, own: AgentOptions, all: ResolvedLlmAgentOptions): Settings {
  const said: ModelOptions = { ...withoutUndefined(all), ...withoutUndefined(own) };
  const { model } = said;
  if (model === undefined) throw invalid(`agents.${name} has no model, and there is none for all.`);
  return {
    name,
    model,
    system: said.system,
    temperature: said.temperature,
    topP: said.topP,
    maxOutputTokens: said.maxOutputTokens,
    parameters: { ...all.parameters, ...own.parameters },
    schema: said.schema === undefined ? undefined : schemaOf(said.schema),
    structured: said.structuredOutput ?? 'json_schema',
    repairs: said.repairs ?? 0,
    tools: new Map(Object.entries(said.tools ?? {}).map(([tool, options]) => [tool, toolOf(options)])),
    maxTurns: said.maxTurns ?? 1,
    turn: said.turn ?? {},
    stream: said.stream === true,
    record: said.record === true,
    idleMs: parseDuration(said.idleTimeout ?? 0) ?? 0,
    prices: said.prices,
    maxUsage: said.maxUsage,
    redact: redaction(all.redact ?? []),
  };
}

const withoutUndefined = (options: object): ModelOptions =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));

function toolOf({ agent, capability, workflow, description, parameters, task = {} }: ToolOptions): Tool {
  const performers = Object.entries({ agent, capability, workflow }).filter(([, name]) => name !== undefined);
  return { performer: Object.fromEntries(performers), description, parameters: schemaOf(parameters), words: task };
}

function redaction(patterns: readonly string[]): (text: string) => string {
  const compiled = patterns.map((pattern) => new RegExp(pattern, 'gu'));
  return (text) => compiled.reduce((kept, pattern) => kept.replace(pattern, '[redacted]'), text);
}
