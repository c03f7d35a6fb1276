import type { MessageDelivery, RunMessage } from '@reprise/core';
import { partyText, placeIn } from '../output/message-places.ts';
import { localTime, number, plain } from '../output/text.ts';

// Messages in words.

export const senderOf = ({ from, onBehalf }: Pick<RunMessage, 'from' | 'onBehalf'>): string =>
  plain(`${partyText(from)}${onBehalf === true ? ' (by the run)' : ''}`);

/** Where it was put the last time, or is to go in another run. `own`: what the run is called, when it is a mailbox of no run. */
export const whereTo = ({ mailbox, run, handedOn }: RunMessage, own?: string): string =>
  plain(handedOn === true ? `run ${run}` : placeIn(own, mailbox, run));

/** What it does, and what it is about. */
export const aboutOf = ({ performative, type }: Pick<RunMessage, 'performative' | 'type'>): string =>
  plain(type === undefined ? performative : `${performative} ${type}`);

export const receiverOf = ({ task, attempt, client }: MessageDelivery): string =>
  plain(
    client !== undefined
      ? `${client} (from outside)`
      : attempt === undefined
        ? (task ?? '')
        : `${task} (attempt ${attempt})`,
  );

/** What has become of it. */
export function becameOf(one: RunMessage): string {
  const last = one.deliveries.at(-1);
  switch (one.status) {
    case 'on-its-way':
      return `on its way${one.redriven === 0 ? '' : ', redriven'}`;
    case 'handed-over':
      return `handed over${receiptText(one)}`;
    case 'held': {
      if (last === undefined) return 'delivered';
      const until = last.until === undefined ? '' : ` until ${localTime(last.until)}`;
      return `delivered to ${receiverOf(last)}${until}`;
    }
    case 'acknowledged':
      return last === undefined ? 'on record for it' : `acknowledged by ${plain(last.task ?? receiverOf(last))}`;
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

function receiptText({ receipt }: RunMessage): string {
  if (receipt === undefined) return '';
  return receipt.outcome === 'acknowledged'
    ? ', acknowledged there'
    : `, came to nothing there: ${plain(receipt.error?.code ?? '')}`;
}
