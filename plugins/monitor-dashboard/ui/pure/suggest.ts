export interface FieldSaid {
  readonly type: string;
  readonly about: string;
  readonly values?: readonly string[];
  readonly keys?: boolean;
}

export interface Suggestion {
  /** The query when it is taken, and where the caret stands then. */
  readonly text: string;
  readonly caret: number;
  readonly label: string;
  readonly about: string;
}

const MOST = 8;
/** Behind a field of that type, before a value. */
const COMMON: Readonly<Record<string, readonly string[]>> = {
  time: ['-1h', '-24h', '-7d', 'today'],
  duration: ['10s', '1m', '10m', '1h'],
  number: ['10', '100', '1000'],
};
const needsOrder = (type: string): boolean => type !== 'text';

/** What may come at the caret of a query: names of fields, or the values of the one that was written. `known`: values seen elsewhere, by field. */
export function suggest(
  text: string,
  caret: number,
  fields: Readonly<Record<string, FieldSaid>>,
  known: Readonly<Record<string, readonly string[]>> = {},
): readonly Suggestion[] {
  const head = /[^\s(]*$/.exec(text.slice(0, caret))?.[0] ?? '';
  const begin = caret - head.length;
  const end = caret + (/^[^\s)]*/.exec(text.slice(caret))?.[0].length ?? 0);
  const take = (written: string, label: string, about: string): Suggestion => ({
    text: text.slice(0, begin) + written + text.slice(end),
    caret: begin + written.length,
    label,
    about,
  });
  const [, minus = '', name = '', operator = '', value = ''] = /^(-?)([\w.]*)([:<>=!~]*)(.*)$/.exec(head) ?? [];
  if (operator === '') {
    if (name === '' && minus === '' && text.trim() !== '' && !/\s$/.test(text.slice(0, caret))) return [];
    return Object.entries(fields)
      .filter(([field]) => field.startsWith(name))
      .slice(0, MOST)
      .map(([field, { keys, type, about }]) => {
        const sign = keys === true ? '.' : needsOrder(type) ? '>=' : ':';
        return take(`${minus}${field}${sign}`, `${field}${sign}`, about);
      });
  }
  const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (field === undefined) return [];
  const given = value.split(',');
  const last = given.pop() ?? '';
  const choices = field.values ?? (Object.hasOwn(known, name) ? known[name] : undefined) ?? COMMON[field.type] ?? [];
  return choices
    .filter((choice) => choice.startsWith(last) && choice !== last && !given.includes(choice))
    .slice(0, MOST)
    .map((choice) => take(minus + name + operator + [...given, choice].join(','), choice, field.about));
}
