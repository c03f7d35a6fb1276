import type { MessageDelivery, RunMessage } from '@reprise/core';
import { number, plain } from '../output/text.ts';

// Messages in words.

export const senderOf = ({ from, onBehalf }: Pick<RunMessage, 'from' | 'onBehalf'>): string =>
  plain(
    from.task === undefined
      ? `${from.client} (from outside)`
      : `${from.task}${onBehalf === true ? ' (by the run)' : ''}`,
  );

/** What it does, and what it is about. */
export const aboutOf = ({ performative, type }: Pick<RunMessage, 'performative' | 'type'>): string =>
  plain(type === undefined ? performative : `${performative} ${type}`);

export const receiverOf = ({ task, attempt }: Pick<MessageDelivery, 'task' | 'attempt'>): string =>
  plain(attempt === undefined ? task : `${task} (attempt ${attempt})`);

/** What has become of it. */
export function becameOf(one: RunMessage): string {
  const last = one.deliveries.at(-1);
  switch (one.status) {
    case 'held':
      return last === undefined ? 'delivered' : `delivered to ${receiverOf(last)}`;
    case 'acknowledged':
      return last === undefined ? 'acknowledged' : `acknowledged by ${plain(last.task)}`;
    case 'dead':
      return `dead: ${plain(one.death?.code ?? '')}`;
    case 'open': {
      const times = one.deliveries.length;
      const back = times === 0 ? '' : `, came back ${times === 1 ? 'once' : `${number(times)} times`}`;
      return `open${one.redriven === 0 ? '' : ', redriven'}${back}`;
    }
    default:
      return one.status;
  }
}
