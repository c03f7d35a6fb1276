import { didYouMean } from '../../../definition/did-you-mean.ts';
import { parseDuration } from '../../../shared/duration.ts';
import { messageOf, RepriseError } from '../../../shared/errors.ts';
import type { Json } from '../../../shared/json.ts';
import { takeJson } from '../../../shared/take-json.ts';

/** Where an agent runs: a thread of this process, or a process of its own. */
export type Isolation = 'thread' | 'process';

/** Durations in ms. */
export interface IsolationOptions {
  readonly name: string;
  readonly isolation: Isolation;
  /** A URL. */
  readonly module: string;
  readonly exportName: string;
  readonly options?: Json;
  readonly memoryMiB: number;
  readonly timeMs: number | undefined;
  readonly graceMs: number;
  readonly idleMs: number;
  readonly loadMs: number;
}

const DEFAULT_LIMITS = { memoryMiB: 512, time: undefined, grace: 5000, idle: 30_000, load: 30_000 };
const LEAST_MEMORY_MIB = 16;
const MAX_OPTIONS_CHARS = 1024 * 1024;

const KNOWN: ReadonlySet<string> = new Set([
  'name',
  'description',
  'version',
  'capabilities',
  'concurrency',
  'maxUsage',
  'inputSchema',
  'outputSchema',
  'module',
  'export',
  'options',
  'isolation',
  'limits',
]);

export const HOW_TO_ISOLATE =
  "Put its `handle` into a module of its own, export it, and say where it is: isolatedAgent({ name, module: import.meta.resolve('./x.ts'), export: 'x', isolation: 'process' })";

/** Throws REPRISE_ISOLATION_INVALID for what cannot be. */
export function isolationOptions(source: Readonly<Record<string, unknown>>): IsolationOptions {
  const name = String(source['name']);
  const refuse = (why: string, fix?: string): RepriseError =>
    new RepriseError('REPRISE_ISOLATION_INVALID', `The agent '${name}' cannot be isolated: ${why}.`, {
      ...(fix === undefined ? {} : { fix }),
    });
  if ('handle' in source)
    throw refuse(
      'it is given as a function, which sees what is around it and cannot go to another thread or process',
      HOW_TO_ISOLATE,
    );
  const unknown = Object.keys(source).find((key) => !KNOWN.has(key));
  if (unknown !== undefined) throw refuse(`there is no option '${unknown}'${didYouMean(unknown, KNOWN)}`);
  const { isolation, export: exportName = 'default', options } = source;
  if (isolation !== 'thread' && isolation !== 'process')
    throw refuse(`its \`isolation\` is 'thread' or 'process', not ${shown(isolation)}`);
  if (typeof exportName !== 'string') throw refuse(`its \`export\` is the name of one, not ${shown(exportName)}`);
  const taken = options === undefined ? undefined : jsonOf(options);
  if (taken?.ok === false) {
    const why = taken.reason === 'too-large' ? `have more than ${MAX_OPTIONS_CHARS} characters` : taken.problem;
    throw refuse(`its \`options\` are to be plain JSON: ${why}`);
  }
  return {
    name,
    isolation,
    module: moduleOf(source['module'], refuse),
    exportName,
    ...(taken === undefined ? {} : { options: taken.value }),
    ...limitsOf(source['limits'], refuse),
  };
}

type Refuse = (why: string, fix?: string) => RepriseError;

function moduleOf(module: unknown, refuse: Refuse): string {
  const text = module instanceof URL ? module.href : module;
  if (typeof text !== 'string' || !/^(file|data|node):/.test(text) || !URL.canParse(text))
    throw refuse(
      `its \`module\` is the URL of one, not ${shown(module)}: what is relative, or a package, is found from the module that says it`,
      'Write `module: import.meta.resolve(…)`.',
    );
  return text;
}

function limitsOf(limits: unknown, refuse: Refuse) {
  if (limits !== undefined && (typeof limits !== 'object' || limits === null || Array.isArray(limits)))
    throw refuse(`its \`limits\` are an object, not ${shown(limits)}`);
  const given: Readonly<Record<string, unknown>> = { ...DEFAULT_LIMITS, ...limits };
  const unknown = Object.keys(given).find((key) => !Object.hasOwn(DEFAULT_LIMITS, key));
  if (unknown !== undefined)
    throw refuse(`there is no limit '${unknown}'${didYouMean(unknown, Object.keys(DEFAULT_LIMITS))}`);
  const { memoryMiB, time } = given;
  if (!Number.isSafeInteger(memoryMiB) || Number(memoryMiB) < LEAST_MEMORY_MIB)
    throw refuse(`limits.memoryMiB is a whole number of ${LEAST_MEMORY_MIB} or more, not ${shown(memoryMiB)}`);
  const ms = (key: string, least: number): number => {
    const parsed = parseDuration(given[key]);
    if (parsed !== undefined && parsed >= least) return parsed;
    throw refuse(`limits.${key} is a duration ("30s", or ms) of ${least} ms or more, not ${shown(given[key])}`);
  };
  return {
    memoryMiB: Number(memoryMiB),
    timeMs: time === undefined ? undefined : ms('time', 1),
    graceMs: ms('grace', 0),
    idleMs: ms('idle', 0),
    loadMs: ms('load', 1),
  };
}

function jsonOf(value: unknown): ReturnType<typeof takeJson> {
  try {
    return takeJson(value, MAX_OPTIONS_CHARS);
  } catch (error) {
    return { ok: false, reason: 'not-json', problem: messageOf(error) };
  }
}

const shown = (value: unknown): string => (typeof value === 'string' ? JSON.stringify(value) : String(value));
