import { type Schema, Validator } from '@cfworker/json-schema';
import { didYouMean, RepriseError } from '@reprise/core';
import type { Options } from '../config/package-schema.ts';
import { resolveEnvironment, variableOf, withoutSecrets } from '../config/resolve-environment.ts';
import { plain } from '../output/text.ts';

/** One option, as its schema has it. */
export interface OptionField {
  readonly name: string;
  readonly type: string;
  readonly description: string | undefined;
  readonly isRequired: boolean;
  readonly default: unknown;
  readonly choices: readonly unknown[] | undefined;
  /** A secret: what is asked for is the name of an environment variable. */
  readonly isSecret: boolean;
}

const isRecord = (value: unknown): value is Options =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The options that a schema names, those that must be given first. */
export function fieldsOf(schema: Options | undefined): readonly OptionField[] {
  const required = Array.isArray(schema?.['required']) ? (schema['required'] as readonly unknown[]) : [];
  const fields = Object.entries(isRecord(schema?.['properties']) ? schema['properties'] : {}).map(([name, given]) => {
    const field = isRecord(given) ? given : {};
    const { type, description, enum: choices } = field;
    return {
      name,
      type: Array.isArray(type) ? type.join(' or ') : typeof type === 'string' ? type : 'JSON',
      description: typeof description === 'string' ? description : undefined,
      isRequired: required.includes(name),
      default: field['default'],
      choices: Array.isArray(choices) ? (choices as readonly unknown[]) : undefined,
      isSecret: field['writeOnly'] === true || field['format'] === 'password',
    };
  });
  return fields.toSorted((one, other) => Number(other.isRequired) - Number(one.isRequired));
}

/** The options with the defaults of their schema where nothing is given; within options that are given, too. */
export function withDefaults(schema: unknown, options: Options): Options {
  if (!isRecord(schema) || !isRecord(schema['properties'])) return options;
  const filled = new Map(Object.entries(options));
  for (const [name, field] of Object.entries(schema['properties'])) {
    if (!isRecord(field)) continue;
    const given = filled.get(name);
    if (given === undefined && field['default'] !== undefined) filled.set(name, structuredClone(field['default']));
    else if (isRecord(given) && variableOf(given) === undefined) filled.set(name, withDefaults(field, given));
  }
  return Object.fromEntries(filled);
}

/** Throws REPRISE_PLUGIN_OPTIONS_INVALID that lists every mistake, and the flags for what is missing. */
export function checkOptions(plugin: string, schema: Options | undefined, options: Options): void {
  const missing = fieldsOf(schema).filter(({ name, isRequired }) => isRequired && options[name] === undefined);
  if (missing.length > 0) {
    const flags = missing.map((field) =>
      plain(`${flagFor(field)}${field.description === undefined ? '' : `   ${field.description}`}`),
    );
    throw invalid(
      plugin,
      `must be given, and are not:\n${flags.map((flag) => `  ${flag}`).join('\n')}`,
      missing.map(({ name }) => name),
    );
  }
  const { options: resolved, secrets } = resolveEnvironment(plugin, options, process.env);
  if (schema === undefined) return;
  const problems = problemsOf(plugin, schema, resolved as Options).map((problem) => withoutSecrets(problem, secrets));
  if (problems.length > 0)
    throw invalid(plugin, `do not fit:\n${problems.map((problem) => `  ${problem}`).join('\n')}`, problems);
}

const flagFor = ({ name, type, choices, isSecret }: OptionField): string => {
  if (isSecret) return `--option '${name}={"env":"VARIABLE"}'`;
  return `--option ${name}=${choices === undefined ? `<${type}>` : choices.join('|')}`;
};

const invalid = (plugin: string, message: string, problems: readonly string[]): RepriseError =>
  new RepriseError('REPRISE_PLUGIN_OPTIONS_INVALID', `Options of ${plugin} ${message}`, {
    details: { plugin, problems: [...problems] },
  });

function problemsOf(plugin: string, schema: Options, options: Options): readonly string[] {
  let errors: ReturnType<Validator['validate']>['errors'];
  try {
    ({ errors } = new Validator(schema as Schema, '2020-12', false).validate(options));
  } catch (error) {
    return [`the schema of ${plugin} cannot be used: ${(error as Error).message}`];
  }
  const known = fieldsOf(schema).map(({ name }) => name);
  const texts = errors
    .filter(({ keyword }) => !CONTAINERS.has(keyword))
    .map(({ keyword, instanceLocation, error }) => {
      const place = instanceLocation.replace(/^#\/?/, '').replaceAll('/', '.');
      if (keyword !== 'false') return `${place || 'the options'}: ${error}`;
      return `there is no option ${place}${didYouMean(place, known)}${known.length === 0 ? '' : ` (there are ${known.join(', ')})`}`;
    });
  return [...new Set(texts)];
}

/** These only say that something within them is wrong. */
const CONTAINERS: ReadonlySet<string> = new Set([
  'properties',
  'additionalProperties',
  'patternProperties',
  'unevaluatedProperties',
  'items',
  'prefixItems',
  'allOf',
  '$ref',
]);
