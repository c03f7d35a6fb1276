import { parseJson } from './parse.ts';

/** A field of a form: what JSON Schema says of a member, as far as people fill in forms. */
export interface Field {
  readonly name: string;
  readonly title: string;
  readonly kind: 'text' | 'number' | 'boolean' | 'choice' | 'json';
  readonly required: boolean;
  readonly choices: readonly string[];
  readonly description: string;
  /** What it holds until somebody says else. */
  readonly initial: string | boolean;
}

/** What was filled in, by field. */
export type Given = Readonly<Record<string, string | boolean>>;

interface Schema {
  readonly type?: unknown;
  readonly title?: unknown;
  readonly description?: unknown;
  readonly enum?: unknown;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

const isText = (value: unknown): value is string => typeof value === 'string';

/** The fields of a form; one of JSON without a name, when its schema is not that of an object with members. */
export function fieldsOf(schema: Schema, whole = 'Answer'): readonly Field[] {
  const { properties, required = [] } = schema;
  if (properties === undefined || typeof properties !== 'object')
    return [{ name: '', title: whole, kind: 'json', required: true, choices: [], description: '', initial: '' }];
  return Object.entries(properties).map(([name, one]) => {
    const choices = Array.isArray(one.enum) && one.enum.every(isText) ? (one.enum as readonly string[]) : [];
    const kind = choices.length > 0 ? 'choice' : kindOf(one.type);
    return {
      name,
      title: isText(one.title) ? one.title : name,
      kind,
      required: required.includes(name),
      choices,
      description: isText(one.description) ? one.description : '',
      initial: initialOf(kind, one.default),
    };
  });
}

function kindOf(type: unknown): Field['kind'] {
  if (type === 'string') return 'text';
  if (type === 'number' || type === 'integer') return 'number';
  return type === 'boolean' ? 'boolean' : 'json';
}

function initialOf(kind: Field['kind'], value: unknown): string | boolean {
  if (kind === 'boolean') return value === true;
  if (kind === 'number') return typeof value === 'number' ? String(value) : '';
  return kind !== 'json' && isText(value) ? value : '';
}

/** What a field holds. A member may have the name of one that every object has. */
export const heldOf = ({ name, initial }: Field, given: Given): string | boolean =>
  Object.hasOwn(given, name) ? (given[name] ?? initial) : initial;

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** The answer that was filled in; throws SyntaxError for what is no JSON, or no number. Empty fields that need not be there are left out. */
export function answerOf(fields: readonly Field[], given: Given): unknown {
  const answer: Record<string, unknown> = {};
  for (const field of fields) {
    const { name, kind, required, title } = field;
    const value = heldOf(field, given);
    if (value === '' && !required) continue;
    if (kind === 'json') {
      const parsed = parseJson(String(value), title);
      if (parsed === undefined) throw new SyntaxError(`${title} is empty: write JSON (null, too, is one).`);
      if (name === '') return parsed;
      answer[name] = parsed;
    } else if (kind === 'number') {
      const text = String(value).trim();
      const number = Number(text);
      if (!NUMBER.test(text) || !Number.isFinite(number)) throw new SyntaxError(`${title} is no number.`);
      answer[name] = number;
    } else answer[name] = value;
  }
  return answer;
}
