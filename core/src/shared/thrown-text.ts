import { toErrorData } from './errors.ts';

/**
 * What was thrown, in words, `maxChars` characters at the most. Does not throw, whatever it is handed: values whose getters
 * throw and revoked proxies can be thrown too.
 */
export function thrownText(value: unknown, maxChars = 500): string {
  try {
    const { message } = toErrorData(value, 'REPRISE_PLUGIN_INVALID');
    return message.length <= maxChars ? message : `${message.slice(0, maxChars - 1)}…`;
  } catch {
    return 'something that cannot be read was thrown';
  }
}
