import { toErrorData } from './errors.ts';

/** What was thrown, in words, its cause included, `maxChars` characters at the most. Does not throw, whatever it is handed. */
export function thrownText(value: unknown, maxChars = 500): string {
  const { message } = toErrorData(value, 'REPRISE_PLUGIN_INVALID');
  return message.length <= maxChars ? message : `${message.slice(0, maxChars - 1)}…`;
}
