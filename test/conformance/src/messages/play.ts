import { isDeepStrictEqual } from 'node:util';
import type { Json, JsonObject } from '@reprise/core/plugin';
import type { MessageProtocol, SentMessage, Talk } from './message-protocol.ts';
import type { A2AVector, ConversationVector, MessageVector, ReadVector, TalkStep, TalkVector } from './vectors.ts';

/** What an implementation does otherwise than a vector says; undefined when it does the same. */
export async function problemOf(protocol: MessageProtocol, vector: MessageVector): Promise<string | undefined> {
  switch (vector.kind) {
    case 'read':
      return readProblem(protocol, vector);
    case 'a2a':
      return a2aProblem(protocol, vector);
    case 'conversation':
      return conversationProblem(protocol, vector);
    case 'talk':
      return talkProblem(protocol, vector);
    default:
      return `the kit does not know the kind of ${JSON.stringify(vector satisfies never)}`;
  }
}

/** As text has it: what is undefined is not there. */
const plain = (value: unknown): unknown => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)));

const differs = (what: string, came: unknown, expected: unknown): string | undefined =>
  isDeepStrictEqual(plain(came), plain(expected)) ? undefined : `${what}: ${short(came)} instead of ${short(expected)}`;

const short = (value: unknown): string => {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length <= 400 ? text : `${text.slice(0, 400)}…`;
};

const codeOf = (value: unknown): string | undefined =>
  typeof value === 'object' && value !== null && 'code' in value ? String(value.code) : undefined;

async function readProblem(protocol: MessageProtocol, vector: ReadVector): Promise<string | undefined> {
  const came = await protocol.read(vector.text ?? JSON.stringify(vector.message));
  const code = codeOf(came);
  return differs('read', code === undefined ? came : { code }, vector.expect);
}

async function a2aProblem(protocol: MessageProtocol, vector: A2AVector): Promise<string | undefined> {
  const { stage, state, says } = vector;
  if (says !== undefined) return differs(`${state} at ${stage}`, await protocol.fromA2A(state, stage), says);
  return differs(`the state of ${stage}`, await protocol.toA2A(stage, vector.type), state);
}

const TWO = { tasks: { initiator: {}, participant: {} } };

async function conversationProblem(
  protocol: MessageProtocol,
  { said }: ConversationVector,
): Promise<string | undefined> {
  const talk = await protocol.open(TWO);
  let opened: string | undefined;
  for (const [index, step] of said.entries()) {
    const { by, says } = step;
    const place = `${index + 1}. ${by} ${says}`;
    const message = {
      to: by === 'initiator' ? 'participant' : 'initiator',
      data: null,
      performative: says,
      ...(opened !== undefined && { conversation: opened, inReplyTo: opened }),
    };
    const came = await talk.send(by, JSON.stringify(message));
    const expected = 'code' in step ? step.code : undefined;
    const problem = differs(place, codeOf(came), expected);
    if (problem !== undefined) return problem;
    opened ??= (came as SentMessage).id;
    if ('code' in step) continue;
    const { stage, owes } = await talk.stage(opened);
    const a2a = await protocol.toA2A(stage);
    const other = differs(place, { stage, owes, a2a }, { stage: step.stage, owes: step.owes, a2a: step.a2a });
    if (other !== undefined) return other;
  }
  return undefined;
}

async function talkProblem(protocol: MessageProtocol, { setup, steps }: TalkVector): Promise<string | undefined> {
  const talk = await protocol.open(setup);
  const ids = new Map<string, string>();
  for (const [index, step] of steps.entries()) {
    const problem = await stepProblem(talk, step, ids);
    if (problem !== undefined) return `${index + 1}. ${problem}`;
  }
  return undefined;
}

/** A copy in which `$name` is the id that was given that name. */
function named<T extends Json>(value: T, ids: ReadonlyMap<string, string>): T {
  const text = JSON.stringify(value).replace(/"\$(\w+)"/g, (whole, name: string) => {
    const id = ids.get(name);
    return id === undefined ? whole : JSON.stringify(id);
  });
  return JSON.parse(text) as T;
}

async function stepProblem(talk: Talk, step: TalkStep, ids: Map<string, string>): Promise<string | undefined> {
  const idOf = (name: string): string => ids.get(name) ?? name;
  switch (step.do) {
    case 'send':
      return sendProblem(talk, step, ids);
    case 'take':
      return takeProblem(talk, step, ids);
    case 'ack':
      return differs(`ack by ${step.by}`, codeOf(await talk.ack(step.by, idOf(step.of))), step.expect?.code);
    case 'nack': {
      const came = await talk.nack(step.by, idOf(step.of), step.with ?? {});
      return differs(`nack by ${step.by}`, codeOf(came), step.expect?.code);
    }
    case 'end':
      await talk.end(step.by, step.how);
      return undefined;
    case 'pass':
      await talk.pass(step.ms);
      return undefined;
    case 'stage':
      return differs(`stage of ${step.of}`, await talk.stage(idOf(step.of)), step.expect);
    default:
      return `the kit does not know the step ${JSON.stringify(step satisfies never)}`;
  }
}

async function sendProblem(
  talk: Talk,
  { by, text, message, as, expect }: Extract<TalkStep, { readonly do: 'send' }>,
  ids: Map<string, string>,
): Promise<string | undefined> {
  const what = `send by ${by}`;
  const came = await talk.send(by, text ?? JSON.stringify(named(message ?? null, ids)));
  if ('code' in came || 'code' in expect)
    return differs(what, codeOf(came) ?? 'sent', 'code' in expect ? expect.code : 'sent');
  if ('again' in expect) return differs(what, [came.id, came.message], [ids.get(expect.again), undefined]);
  if (as !== undefined) ids.set(as, came.id);
  return differs(what, came.message, named(expect.message, ids));
}

async function takeProblem(
  talk: Talk,
  { by, filter, as, expect }: Extract<TalkStep, { readonly do: 'take' }>,
  ids: Map<string, string>,
): Promise<string | undefined> {
  const what = `take by ${by}`;
  const came = await talk.take(by, named(filter ?? {}, ids));
  const code = codeOf(came);
  if (came === null || expect === null || code !== undefined)
    return differs(what, code === undefined ? came : { code }, expect);
  if (as !== undefined && 'id' in came) ids.set(as, came.id);
  const seen = Object.fromEntries(
    Object.keys(expect).map((key) => [key, (came as unknown as Record<string, unknown>)[key] ?? null]),
  );
  return differs(what, seen, named(expect as JsonObject, ids));
}
