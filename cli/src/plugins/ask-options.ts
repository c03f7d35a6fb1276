import type { Options } from '../config/package-schema.ts';
import { plain } from '../output/text.ts';
import type { Asker } from './asker.ts';
import { parseValue } from './option-flags.ts';
import { fieldsOf, type OptionField } from './option-schema.ts';

/** Asks for the options that are not given: all that the schema names, or only those that must be given. Undefined when the input ends. */
export async function askOptions(
  asker: Asker,
  schema: Options | undefined,
  given: Options,
  onlyRequired: boolean,
): Promise<Options | undefined> {
  const options: Record<string, unknown> = { ...given };
  for (const field of fieldsOf(schema)) {
    if (Object.hasOwn(options, field.name) || (onlyRequired && !field.isRequired)) continue;
    for (;;) {
      const answer = await asker.ask(questionFor(field));
      if (answer === undefined) return undefined;
      if (answer === '' && field.isRequired && field.default === undefined) continue;
      if (answer !== '') options[field.name] = field.isSecret ? { env: answer } : typedValue(answer, field);
      break;
    }
  }
  return options;
}

/** Where text is meant, what is typed is text, whatever it looks like. */
const typedValue = (answer: string, { type }: OptionField): unknown =>
  type === 'string' ? answer : parseValue(answer);

function questionFor({ name, type, description, isRequired, default: usual, choices, isSecret }: OptionField): string {
  const what = isSecret ? 'the environment variable that has it' : (choices?.join(', ') ?? type);
  const without =
    usual === undefined ? (isRequired ? 'must be given' : 'may be left empty') : `Enter: ${JSON.stringify(usual)}`;
  return plain(`${name} (${what}; ${without})${description === undefined ? '' : `. ${description}`}`);
}
