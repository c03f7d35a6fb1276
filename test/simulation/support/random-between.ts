import type { GivenCommand } from '@reprise/core/testing';
import { mailboxRun } from '../../../core/src/orchestration/workflow/messaging/elsewhere.ts';
import { outboxesOf } from '../../../core/src/orchestration/workflow/messaging/mail.ts';
import { outboxOf } from '../../../core/src/orchestration/workflow/messaging/outbox.ts';
import type { RunState } from '../../../core/src/orchestration/workflow/state.ts';

type Dice = () => number;

const ERRORS = ['REPRISE_MAILBOX_UNKNOWN', 'REPRISE_MESSAGE_EXPIRED', 'REPRISE_CONVERSATION_BROKEN'] as const;

/** What other runs, and programs, do with the messages of a run: mostly what can be done, sometimes what cannot. */
export function randomBetween(state: RunState, name: string, dice: Dice): GivenCommand {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(dice() * from.length)] as T;
  const { mail } = state;
  const ids = [...state.tasks.keys()];
  const open = [...(mail?.open.values() ?? [])];
  const boxes = [...ids, '#desk', '#narrow', 'nobody', '#dead-letters', 'client:somebody', '@desk'];
  const roll = dice();
  if (roll < 0.4) {
    const to = pick(boxes);
    const from = pick(['other', 'third', mailboxRun(state.tenant, 'desk')]);
    const mark = mail?.marks.get(outboxOf(from, to))?.n ?? 0;
    const n = dice() < 0.8 ? mark + 1 + Math.floor(dice() * 2) : 1;
    const asked = dice() < 0.5 ? open.find((one) => one.from.run === from) : undefined;
    const sent = {
      message: dice() < 0.95 ? `${from}/${name}` : `${from}/again`,
      from: dice() < 0.8 ? { task: pick(['x', 'y']), run: from } : { client: 'kim', run: from },
      sentAt: 1,
      to,
      data: pick([null, 1, { n: name }]),
      ...(dice() < 0.3 && { performative: pick(['request', 'inform', 'failure', 'agree', 'cancel'] as const) }),
      ...(dice() < 0.3 && { conversation: asked?.conversation ?? pick(['c1', 'c2']) }),
      ...(dice() < 0.2 && { inReplyTo: open[0]?.id ?? 'nothing' }),
      ...(dice() < 0.2 && { receipt: pick(['wanted', 'acknowledged', 'failed'] as const) }),
      ...(dice() < 0.15 && { ask: { id: `x/1/${name}/7`, ...(dice() < 0.3 && { over: true as const }) } }),
      // Nothing else comes to a mailbox that is called like a name of no run.
      ...(dice() < (to === '@desk' ? 0.6 : 0.15) && {
        handedOn: {
          deliveries: 1,
          losses: 0,
          ...(dice() < 0.5 && { ask: pick([...(mail?.asks.keys() ?? []), 'none']) }),
          ...(dice() < 0.2 && {
            dead: { code: ERRORS[0], error: { code: ERRORS[0], message: 'no', retryable: false } },
          }),
        },
      }),
      ...(dice() < 0.2 && { expiresAt: Math.floor(dice() * 40) }),
    };
    const after = dice() < 0.9 ? Math.min(mark, n - 1) : n - 1;
    return { type: 'ReceiveMessage', from, n, after, since: 1, sent };
  }
  const outbox = mail === undefined ? undefined : pick([...outboxesOf(mail)]);
  if (roll < 0.55)
    return {
      type: 'NoteHandedOver',
      outbox: outbox ?? '>other/x',
      upTo: 1 + Math.floor(dice() * (mail?.numbers.get(outbox ?? '') ?? 1)),
    };
  if (roll < 0.65) {
    const code = pick(ERRORS);
    const message = pick([...(mail?.boxes.get(outbox ?? '')?.messages.keys() ?? []), 'nothing']);
    return { type: 'NoteUndelivered', message, error: { code, message: `${code}!`, retryable: false } };
  }
  const client = pick(['somebody', 'kim']);
  if (roll < 0.82)
    return {
      type: 'TakeMessages',
      client,
      mailbox: pick(['#desk', '#desk', '#narrow', ...boxes]),
      max: 1 + Math.floor(dice() * 3),
      leaseMs: 100,
      ...(dice() < 0.2 && { wanted: { where: pick(['message.data == 1', 'message.data.n.m > 2']) } }),
    };
  const lent = open.filter(({ holder }) => holder?.client === client).map(({ id }) => id);
  const message = dice() < 0.9 && lent.length > 0 ? pick(lent) : (open[0]?.id ?? 'nothing');
  if (dice() < 0.4) return { type: 'SettleTaken', client, acknowledge: [message] };
  if (dice() < 0.3) return { type: 'SettleTaken', client, extend: [message], leaseMs: 200 };
  return {
    type: 'SettleTaken',
    client,
    reject: [{ message, reason: 'dice', ...(dice() < 0.3 && { requeue: false }) }],
  };
}
