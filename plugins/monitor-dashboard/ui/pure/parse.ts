/** What was written as JSON; throws a SyntaxError that names the field and says what is wrong. Nothing written: undefined. */
export function parseJson(text: string, name: string): unknown {
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new SyntaxError(`${name} is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}
