import { type Duration, isId, jsonProblem, type MaxUsage, parseDuration } from '@reprise/core/plugin';
import { invalid } from './invalid.ts';
import { type GivenSchema, isGivenSchema } from './schema.ts';

/** What a million tokens cost, in whatever currency `cost` is to be in. */
export interface Prices {
  readonly input: number;
  readonly output: number;
  /** Of input that the server had in its cache. Default: `input`. */
  readonly cachedInput?: number;
}

/** Words of the tasks that an agent adds, as in YAML. */
export type TaskWords = Readonly<Record<string, unknown>>;

/** What a model may call: an agent, a capability or a workflow of the project. Exactly one of the three. */
export interface ToolOptions {
  readonly agent?: string;
  readonly capability?: string;
  readonly workflow?: string;
  /** What the model is told that it does. */
  readonly description: string;
  /** Of its arguments, which are the input of the task: an object. */
  readonly parameters: GivenSchema;
  /** Further words of the task of each call: those of TOOL_WORDS. `{ delivery: 'at-most-once' }` */
  readonly task?: TaskWords;
}

/** What each agent may say for itself; said beside `agents`, it holds for those that do not. */
export interface ModelOptions {
  /** As the server calls it. */
  readonly model?: string;
  /** What the model is told before anything else. */
  readonly system?: string;
  readonly temperature?: number;
  readonly topP?: number;
  /** `max_tokens`. A server that wants another name for it gets that in `parameters`. */
  readonly maxOutputTokens?: number;
  /** Further members of the body of each request, as the server calls them. */
  readonly parameters?: Readonly<Record<string, unknown>>;
  /** JSON Schema, or a Standard Schema that gives one, of the answer. Without it, the answer is text. */
  readonly schema?: GivenSchema;
  /** How the server is told of the schema: `response_format`, its plainer form beside words in the prompt, or those alone. Default `json_schema`. */
  readonly structuredOutput?: StructuredOutput;
  /** How often a reply that is of no use is asked for again, with what was wrong. Default 2. */
  readonly repairs?: number;
  /** By name: a letter, then up to 63 letters, digits, `_`, `-`. */
  readonly tools?: Readonly<Record<string, ToolOptions>>;
  /** Turns of a conversation with tools; in the last one nothing can be called. Default 20. */
  readonly maxTurns?: number;
  /** Further words of the tasks of all turns but the first: those of TURN_WORDS. */
  readonly turn?: TaskWords;
  /** Whether text is emitted as it comes. Default true. */
  readonly stream?: boolean;
  /** Whether a task gives the record of its turn, with prompt, parameters and usage, in place of the answer. Default false; with tools always. */
  readonly record?: boolean;
  /** Silence of the server after which it is given up. Default `5m`. */
  readonly idleTimeout?: Duration;
  readonly prices?: Prices;
  /** What one turn uses at most, for budgets of a run: tokens in and out, and cost in the currency of the prices. */
  readonly maxUsage?: MaxUsage;
}

/** One agent that is a model. */
export interface AgentOptions extends ModelOptions {
  readonly description?: string;
  readonly capabilities?: readonly string[];
  /** Requests at once, of one worker. Default 16. */
  readonly concurrency?: number;
}

/** Options of the plugin: the server, and the agents. */
export interface LlmAgentOptions extends ModelOptions {
  /** Where `/chat/completions` is: `https://api.example.com/v1`. */
  readonly baseURL?: string;
  /** The environment variable, or the file, that has the API key. At most one; without either none is sent. */
  readonly apiKeyEnv?: string;
  readonly apiKeyFile?: string;
  /** Further headers of each request. Their values are in no error and no log. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Regular expressions: what fits is replaced by `[redacted]` in all that is sent, and so on record, too. */
  readonly redact?: readonly string[];
  /** By name, which is what workflows call them. */
  readonly agents?: Readonly<Record<string, AgentOptions>>;
}

/** Ways to make a model answer in JSON. */
export const STRUCTURED_OUTPUTS = ['json_schema', 'json_object', 'prompt'] as const;
/** How a model is made to answer in JSON. */
export type StructuredOutput = (typeof STRUCTURED_OUTPUTS)[number];

/** Words that a tool may give the tasks of its calls, and an agent those of its turns. */
export const TOOL_WORDS: readonly string[] = [
  'retry',
  'timeout',
  'delivery',
  'compensate',
  'mutex',
  'priority',
  'maxUsage',
];
/** The keys of an answer that ask for something other than the output. */
export const TURN_WORDS: readonly string[] = ['retry', 'timeout', 'priority', 'maxUsage'];

type Check = readonly [fits: (value: unknown) => boolean, what: string];

type Bag = Readonly<Record<string, unknown>>;

export const isBag = (value: unknown): value is Bag =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';
const isWhole =
  (least: number) =>
  (value: unknown): boolean =>
    Number.isInteger(value) && (value as number) >= least;
const isIn =
  (least: number, most: number) =>
  (value: unknown): boolean =>
    typeof value === 'number' && value >= least && value <= most;
const isBoolean = (value: unknown): boolean => typeof value === 'boolean';
const isPrice = isIn(0, Number.MAX_VALUE);
const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every(isText);

const isMaxUsage = (value: unknown): boolean =>
  isBag(value) &&
  Object.keys(value).length > 0 &&
  Object.entries(value).every(([kind, most]) =>
    kind === 'tokens' ? isWhole(0)(most) : kind === 'cost' && isPrice(most),
  );

/** Members of a request that are the agent's own to say. */
const OWN_PARAMETERS = [
  'model',
  'messages',
  'stream',
  'stream_options',
  'tools',
  'tool_choice',
  'response_format',
  'n',
];
const isOwn = (key: string): boolean => OWN_PARAMETERS.includes(key);

const MODEL_CHECKS: Readonly<Record<keyof ModelOptions, Check>> = {
  model: [isText, 'the name of a model'],
  system: [isText, 'text'],
  temperature: [isIn(0, 10), 'a number from 0'],
  topP: [isIn(0, 1), 'a number from 0 to 1'],
  maxOutputTokens: [isWhole(1), 'a whole number from 1'],
  parameters: [
    (value) => isBag(value) && jsonProblem(value) === undefined && !Object.keys(value).some(isOwn),
    `an object of plain JSON without ${OWN_PARAMETERS.join(', ')}`,
  ],
  schema: [isGivenSchema, 'a JSON Schema, or a Standard Schema that gives one'],
  structuredOutput: [
    (value) => STRUCTURED_OUTPUTS.some((one) => one === value),
    `one of ${STRUCTURED_OUTPUTS.join(', ')}`,
  ],
  repairs: [isWhole(0), 'a whole number from 0'],
  tools: [isBag, 'an object of tools by name'],
  maxTurns: [isWhole(1), 'a whole number from 1'],
  turn: [hasOnly(TURN_WORDS), `an object with some of ${TURN_WORDS.join(', ')}`],
  stream: [isBoolean, 'true or false'],
  record: [isBoolean, 'true or false'],
  idleTimeout: [(value) => (parseDuration(value as Duration) ?? 0) > 0, 'a duration, such as 30s'],
  prices: [
    (value) =>
      isBag(value) && isPrice(value['input']) && isPrice(value['output']) && isPrice(value['cachedInput'] ?? 0),
    'an object with input, output and perhaps cachedInput: what a million tokens cost',
  ],
  maxUsage: [isMaxUsage, 'an object with tokens (a whole number), cost (a number), or both, from 0'],
};

const AGENT_CHECKS: Readonly<Record<keyof AgentOptions, Check>> = {
  ...MODEL_CHECKS,
  description: [isText, 'text'],
  capabilities: [(value) => Array.isArray(value) && value.every(isId), 'a list of names'],
  concurrency: [isWhole(1), 'a whole number from 1'],
};

const CHECKS: Readonly<Record<keyof LlmAgentOptions, Check>> = {
  baseURL: [isServer, 'an http or https URL without a user and password in it'],
  apiKeyEnv: [isText, 'the name of an environment variable'],
  apiKeyFile: [isText, 'the path of a file'],
  headers: [(value) => isBag(value) && Object.values(value).every(isText), 'an object of texts'],
  redact: [(value) => isTexts(value) && (value as readonly string[]).every(isPattern), 'a list of regular expressions'],
  agents: [isBag, 'an object of agents by name'],
  ...MODEL_CHECKS,
};

const TOOL_CHECKS: Readonly<Record<keyof ToolOptions, Check>> = {
  agent: [isId, 'the name of an agent'],
  capability: [isId, 'a capability'],
  workflow: [isText, 'the name of a workflow'],
  description: [isText, 'text'],
  parameters: [isGivenSchema, 'a JSON Schema, or a Standard Schema that gives one'],
  task: [hasOnly(TOOL_WORDS), `an object with some of ${TOOL_WORDS.join(', ')}`],
};

/** What does not follow from others: an option that is not said is undefined. */
export type ResolvedLlmAgentOptions = {
  readonly [Key in keyof LlmAgentOptions]-?: LlmAgentOptions[Key] | undefined;
};

const DEFAULTS = {
  structuredOutput: 'json_schema',
  repairs: 2,
  maxTurns: 20,
  stream: true,
  record: false,
  idleTimeout: '5m',
} as const satisfies LlmAgentOptions;

/** Fills in defaults. Throws REPRISE_CONFIG_INVALID, which names the option that is wrong. What has to be there is looked at when the plugin is made. */
export function resolveLlmAgentOptions(options: unknown = {}): ResolvedLlmAgentOptions {
  const given = checked(options, CHECKS, '');
  for (const [name, agent] of Object.entries((given['agents'] ?? {}) as Bag)) {
    if (!isId(name)) throw invalid(`agents has ${JSON.stringify(name)}, which is no name of an agent.`);
    checkTools(checked(agent, AGENT_CHECKS, `agents.${name}`), `agents.${name}.`);
  }
  checkTools(given, '');
  if (given['apiKeyEnv'] !== undefined && given['apiKeyFile'] !== undefined)
    throw invalid('there are both apiKeyEnv and apiKeyFile; keep one.');
  const all = Object.keys(CHECKS).map((key) => [key, given[key] ?? (DEFAULTS as Bag)[key]]);
  return Object.fromEntries(all) as ResolvedLlmAgentOptions;
}

function checkTools({ tools = {} }: { readonly tools?: unknown }, path: string): void {
  for (const [name, tool] of Object.entries(tools as Bag)) {
    const place = `${path}tools.${name}`;
    if (!/^[A-Za-z][A-Za-z0-9_-]{0,63}$/.test(name))
      throw invalid(`${place}: a tool is called by a letter and up to 63 letters, digits, _ or -.`);
    const given = checked(tool, TOOL_CHECKS, place);
    const performers = ['agent', 'capability', 'workflow'].filter((key) => given[key] !== undefined);
    if (performers.length !== 1) throw invalid(`${place} needs one of agent, capability, workflow.`);
    for (const key of ['description', 'parameters'])
      if (given[key] === undefined) throw invalid(`${place}.${key} is missing.`);
  }
}

/** What was given, without what is undefined. */
function checked(value: unknown, checks: Readonly<Record<string, Check>>, path: string): Bag {
  if (!isBag(value)) throw invalid(`${path === '' ? 'they are' : `${path} is`} not an object.`);
  const given = Object.entries(value).filter(([, one]) => one !== undefined);
  const within = path === '' ? '' : `${path}.`;
  for (const [key, one] of given) {
    const check = Object.hasOwn(checks, key) ? checks[key] : undefined;
    if (check === undefined)
      throw invalid(`there is no option ${within}${key}; there are ${Object.keys(checks).join(', ')}.`);
    const [fits, what] = check;
    // What was given is not shown: it may be a secret that was put in the wrong place.
    if (!fits(one)) throw invalid(`${within}${key} is not ${what}.`);
  }
  return Object.fromEntries(given);
}

function hasOnly(words: readonly string[]): (value: unknown) => boolean {
  return (value) => isBag(value) && Object.keys(value).every((key) => words.includes(key));
}

function isServer(value: unknown): boolean {
  if (typeof value !== 'string' || !URL.canParse(value)) return false;
  const { protocol, username, password } = new URL(value);
  return /^https?:$/.test(protocol) && username === '' && password === '';
}

function isPattern(text: string): boolean {
  try {
    return new RegExp(text, 'u').source !== '';
  } catch {
    return false;
  }
}
