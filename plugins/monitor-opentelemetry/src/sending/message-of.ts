import { toErrorData } from '@reprise/core/plugin';

const MAX_CHARS = 300;

/** What was thrown, in words; '' when it says nothing. Does not throw. */
export function messageOf(thrown: unknown): string {
  const { message } = toErrorData(thrown, 'REPRISE_PLUGIN_INVALID');
  return message.length <= MAX_CHARS ? message : `${message.slice(0, MAX_CHARS)}…`;
}
