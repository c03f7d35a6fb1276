/** A field of a form: what JSON Schema says of a member, as far as people fill in forms. */
export interface Field {
  readonly name: string;
  readonly title: string;
  readonly kind: 'text' | 'number' | 'boolean' | 'choice' | 'json';
  readonly required: boolean;
  readonly choices: readonly string[];
  readonly description: string;
}

interface Schema {
  readonly type?: unknown;
  readonly title?: unknown;
  readonly description?: unknown;
  readonly enum?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

const isText = (value: unknown): value is string => typeof value === 'string';

/** The fields of a form; one of JSON without a name, when its schema is not that of an object with members. */
export function fieldsOf(schema: Schema, whole = 'Answer'): readonly Field[] {
  const { properties, required = [] } = schema;
  if (properties === undefined || typeof properties !== 'object')
    return [{ name: '', title: whole, kind: 'json', required: true, choices: [], description: '' }];
  return Object.entries(properties).map(([name, one]) => {
    const choices = Array.isArray(one.enum) && one.enum.every(isText) ? (one.enum as readonly string[]) : [];
    return {
      name,
      title: isText(one.title) ? one.title : name,
      kind: choices.length > 0 ? 'choice' : kindOf(one.type),
      required: required.includes(name),
      choices,
      description: isText(one.description) ? one.description : '',
    };
  });
}

function kindOf(type: unknown): Field['kind'] {
  if (type === 'string') return 'text';
  if (type === 'number' || type === 'integer') return 'number';
  return type === 'boolean' ? 'boolean' : 'json';
}

/** The answer that was filled in; throws SyntaxError for what is no JSON, or no number. Empty fields that need not be there are left out. */
export function answerOf(fields: readonly Field[], given: Readonly<Record<string, string | boolean>>): unknown {
  const answer: Record<string, unknown> = {};
  for (const { name, kind, required, title } of fields) {
    const value = given[name] ?? (kind === 'boolean' ? false : '');
    if (value === '' && !required) continue;
    if (kind === 'json') {
      const parsed: unknown = JSON.parse(String(value));
      if (name === '') return parsed;
      answer[name] = parsed;
    } else if (kind === 'number') {
      const number = Number(value);
      if (value === '' || Number.isNaN(number)) throw new SyntaxError(`${title} is no number.`);
      answer[name] = number;
    } else answer[name] = value;
  }
  return answer;
}
