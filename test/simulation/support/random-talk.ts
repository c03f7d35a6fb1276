import {
  type AgentContext,
  type AgentTask,
  isRepriseError,
  type Message,
  type WorkflowDefinition,
} from '@reprise/core';
import { TALKERS } from './random-workflow.ts';

type Dice = () => number;
type Messages = AgentContext['messages'];

const pick = <T>(dice: Dice, from: readonly T[]): T => from[Math.floor(dice() * from.length)] as T;

/** Whom an agent may write to, or think so: tasks beside it or around it, names, and nobody. */
const addresses = ({ tasks }: WorkflowDefinition, { taskId }: AgentTask): readonly string[] => [
  ...tasks.map(({ id }) => id),
  ...tasks.flatMap(({ id }) => (isTalker(id) ? [id, id, id] : [])),
  ...['#desk', '#desk', '#desk', '#narrow', 'nobody', 't0[0]', taskId],
];

const isTalker = (taskId: string): boolean => TALKERS.includes(taskId);

/** Nobody waits longer: whoever could answer may have ended. */
const LONGEST_MS = 400;

/** What the run refuses is none of the agent's concern, unless its attempt is over. */
async function tried<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (!isRepriseError(error) || error.code === 'REPRISE_MESSAGE_NOT_HELD' || error.code === 'REPRISE_RUN_CLOSED')
      throw error;
    return undefined;
  }
}

function sending(dice: Dice, attempt: number) {
  return {
    ...(dice() < 0.2 && { performative: pick(dice, ['inform', 'agree', 'failure', 'propose', 'cancel'] as const) }),
    ...(dice() < 0.2 && { conversation: pick(dice, ['c1', 'c2']) }),
    // Under the same key again, or what another attempt said otherwise.
    ...(dice() < 0.3 && { key: pick(dice, ['k1', 'k2']) }),
    ...(dice() < 0.2 && { type: pick(dice, ['small', `of attempt ${attempt}`]) }),
    ...(dice() < 0.3 && { expires: Math.ceil(dice() * 300), drop: dice() < 0.5 }),
  };
}

function receiving(dice: Dice) {
  return {
    timeout: Math.ceil(dice() * LONGEST_MS),
    ...(dice() < 0.5 && { mailbox: pick(dice, ['#desk', '#desk', '#narrow', '#dead-letters', '#nowhere']) }),
    ...(dice() < 0.2 && { performative: pick(dice, ['request', 'inform'] as const) }),
    ...(dice() < 0.1 && { where: 'message.delivery > 1' }),
  };
}

/** Done with, answered, given back, kept, or too much for whoever has it. */
async function settle(messages: Messages, message: Message, dice: Dice): Promise<void> {
  const roll = dice();
  if (roll < 0.15) await tried(messages.ack(message));
  else if (roll < 0.5) {
    if (dice() < 0.3) await tried(messages.reply(message, null, { performative: 'agree', deadline: LONGEST_MS }));
    const performative = pick(dice, ['inform', 'inform', 'inform', 'refuse', 'failure', 'propose', 'query'] as const);
    await tried(messages.reply(message, { to: message.id }, { performative }));
  } else if (roll < 0.8) {
    const how = {
      ...(dice() < 0.4 && { delay: Math.floor(dice() * 50) }),
      ...(dice() < 0.2 && { requeue: false }),
    };
    await tried(messages.nack(message, { reason: 'dice', ...how }));
  } else if (roll < 0.9) {
    throw Object.assign(new Error('scripted'), { code: 'BOOM', retryable: dice() < 0.7 });
  }
}

/** Whether the attempt says something. */
export const willTalk = ({ taskId }: AgentTask, dice: Dice): boolean => isTalker(taskId) || dice() < 0.4;

/** Sends, asks, receives, answers and gives back, a few times. It ends, whatever others do. */
export async function randomTalk(
  definition: WorkflowDefinition,
  task: AgentTask,
  messages: Messages,
  dice: Dice,
): Promise<void> {
  const steps = isTalker(task.taskId) ? 4 + Math.floor(dice() * 5) : Math.floor(dice() * 4);
  for (let step = 0; step < steps; step += 1) {
    const to = pick(dice, addresses(definition, task));
    const roll = dice();
    if (roll < 0.35) await tried(messages.send(to, { step, from: task.taskId }, sending(dice, task.attempt)));
    else if (roll < 0.45)
      await Promise.all([0, 1, 2].map((n) => tried(messages.send(to, { n }, sending(dice, task.attempt)))));
    else if (roll < 0.65) {
      const { performative: _, ...more } = sending(dice, task.attempt);
      const performative = pick(dice, ['request', 'request', 'query', 'cfp', 'subscribe'] as const);
      const onQuery = dice() < 0.5 ? { onQuery: () => 'that' } : {};
      const deadline = Math.ceil(dice() * LONGEST_MS);
      await tried(messages.request(to, { step }, { ...more, ...onQuery, performative, deadline }));
    } else {
      const some = dice() < 0.3 ? { max: 3 } : { max: 1 };
      const taken = (await tried(messages.receiveMany({ ...receiving(dice), ...some }))) ?? [];
      for (const message of taken) await settle(messages, message, dice);
    }
  }
}
