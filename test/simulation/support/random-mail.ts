import type { GivenCommand } from '@reprise/core/testing';
import type { RunState } from '../../../core/src/orchestration/workflow/state.ts';

type Dice = () => number;

const EMPTY = { conversation: undefined, inReplyTo: undefined };

/** What somebody does with the messages of a run: mostly what can be done, sometimes what cannot. */
export function randomMail(state: RunState, name: string, dice: Dice): GivenCommand {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(dice() * from.length)] as T;
  const ids = [...state.tasks.keys()];
  const [talk] = [...(state.mail?.conversations.values() ?? [])];
  const boxes = [...ids, ...ids, '#desk', '#desk', '#desk', '#narrow', 'nobody', '#dead-letters'];
  const open = [...(state.mail?.open.values() ?? [])];
  const dead = open.filter((message) => message.dead !== undefined).map(({ id }) => id);
  const some = dice() < 0.9 && open.length > 0 ? pick(open) : undefined;
  const message = {
    to: pick(boxes),
    data: pick([null, 1, 'text', { n: name }, ['x'.repeat(200)]]),
    ...(dice() < 0.3 && {
      performative: pick(['request', 'inform', 'failure', 'agree', 'cfp', 'propose', 'refuse'] as const),
    }),
    ...(dice() < 0.3 && { conversation: pick(['c1', 'c2']) }),
    ...(dice() < 0.2 && { type: pick(['small', 'large']) }),
    ...(dice() < 0.2 && some !== undefined && { inReplyTo: some.id }),
    ...(dice() < 0.3 && { deadlineMs: Math.floor(dice() * 40) }),
    ...(dice() < 0.3 && { expiresMs: Math.floor(dice() * 40) }),
    ...(dice() < 0.15 && { run: pick(['other', 'third', 'parent']) }),
  };
  const drops = 'expiresMs' in message && dice() < 0.3 ? { drop: true } : {};
  const roll = dice();
  if (roll < 0.12) return { type: 'PostMessage', from: 'somebody', message: { ...message, ...drops } };
  if (roll < 0.2) {
    const messages = dead.length > 0 && dice() < 0.9 ? [pick(dead)] : ['nothing'];
    if (dice() < 0.4) return { type: 'EditDeadLetter', message: messages[0] ?? '', data: { edited: name } };
    if (dice() < 0.5) return { type: 'DiscardDeadLetters', messages };
    return { type: 'RedriveDeadLetters', messages, ...(dice() < 0.4 && { to: pick(boxes) }) };
  }
  if (roll < 0.35) return { type: 'FireTimer', timer: { kind: 'messages' }, at: Number.MAX_SAFE_INTEGER };
  const inFlight = [...state.tasks.values()].filter(
    ({ status, agent }) => (status === 'scheduled' || status === 'running') && agent !== undefined,
  );
  const callOf = (id = 'nobody') => ({
    taskId: id,
    attempt: dice() < 0.97 ? (state.tasks.get(id)?.attempt ?? 1) : 1,
    worker: dice() < 0.97 ? 'w' : 'other',
    // Sometimes one that was made before.
    call: (state.mail?.attempts.get(id)?.calls ?? 0) + (dice() < 0.9 ? 1 : 0),
  });
  const [subscribed] = state.mail?.subscriptions ?? [];
  if (subscribed !== undefined && dice() < 0.1) {
    const [topic, [subscriber = 'nobody'] = []] = [subscribed[0], [...subscribed[1].keys()]];
    return { type: 'UnsubscribeMailbox', ...callOf(subscriber), topic };
  }
  const task = dice() < 0.95 && inFlight.length > 0 ? pick(inFlight) : state.tasks.get(pick(ids));
  const known = state.mail?.attempts.get(task?.id ?? '');
  const base = callOf(task?.id);
  if (roll < 0.5 && talk !== undefined) {
    // An answer, mostly one that may be given.
    const back = {
      to: talk.initiator,
      conversation: talk.conversation,
      inReplyTo: talk.id,
      performative: pick(['agree', 'inform', 'propose'] as const),
    };
    return { type: 'SendMessages', ...base, messages: [{ ...message, ...back }] };
  }
  if (roll < 0.6) {
    const key = dice() < 0.3 ? { key: pick(['k1', 'k2']) } : {};
    return { type: 'SendMessages', ...base, messages: [{ ...message, ...drops, ...key }] };
  }
  const topics = Object.keys(state.definition.topics ?? {});
  if (topics.length > 0 && dice() < 0.3) {
    const topic = dice() < 0.95 ? `#${pick(topics)}` : '#desk';
    const action = dice();
    if (action < 0.3)
      return {
        type: 'SubscribeMailbox',
        ...base,
        topic,
        ...(dice() < 0.4 && { filter: pick([{ from: 'a' }, { where: 'message.data == 1' }, { type: 'small' }]) }),
      };
    if (action < 0.35) return { type: 'UnsubscribeMailbox', ...base, topic };
    const { to: _to, conversation: _conversation, inReplyTo: _inReplyTo, ...what } = { ...EMPTY, ...message };
    const key = dice() < 0.2 ? { key: pick(['k1', 'k3']) } : {};
    if (action < 0.5) return { type: 'PostMessage', from: 'somebody', message: { ...what, topic } };
    return { type: 'SendMessages', ...base, messages: [{ ...what, ...drops, ...key, topic }] };
  }
  const held = [...(known?.held ?? [])];
  if (held.length > 0 && roll < 0.8) {
    const one = pick(held);
    if (dice() < 0.5) return { type: 'SettleMessages', ...base, acknowledge: [one] };
    const back = {
      message: one,
      reason: 'dice',
      ...(dice() < 0.3 && { requeue: false }),
      ...(dice() < 0.3 && { delayMs: 5 }),
    };
    return { type: 'SettleMessages', ...base, reject: [back] };
  }
  const wanted = {
    ...(dice() < 0.3 && { performative: pick(['request', 'inform'] as const) }),
    ...(dice() < 0.2 && { where: pick(['message.data == 1', 'message.delivery > 1', 'message.data.n.m > 2']) }),
    ...(dice() < 0.1 && { from: 'somebody' }),
  };
  return {
    type: 'AwaitMessages',
    ...base,
    ...(dice() < 0.6 && {
      mailbox: pick(['#desk', '#desk', '#narrow', '@desk', '#dead-letters', task?.id ?? 'nobody', 'other']),
    }),
    ...(Object.keys(wanted).length > 0 && { wanted }),
    ...(dice() < 0.2 && { schema: pick([{ type: 'integer' }, { type: ['object', 'null'] }]) }),
    ...(dice() < 0.3 && { max: 3 }),
    ...(dice() < 0.5 && { timeoutMs: Math.floor(dice() * 30) }),
  };
}
