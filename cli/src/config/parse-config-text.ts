import { isRepriseError, parseText } from '@reprise/core';
import { configInvalid } from './config-error.ts';

/** The data in a text of YAML or JSON. A key that is there twice, and a number that would be rounded, are refused: REPRISE_CONFIG_INVALID, with every place. */
export function parseConfigText(text: string, file: string): ReturnType<typeof parseText> {
  try {
    return parseText(text, file);
  } catch (error) {
    if (!isRepriseError(error, 'REPRISE_DEFINITION_INVALID')) throw error;
    const [, ...lines] = error.message.split('\n');
    throw configInvalid(file, `is not valid:\n${lines.join('\n')}`, error);
  }
}
