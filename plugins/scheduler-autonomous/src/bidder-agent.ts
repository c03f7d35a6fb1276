import type { Agent, AgentContext, AgentTask, Json, JsonObject } from '@reprise/core/plugin';
import { isBag } from './options.ts';

/** A call for bids: what a member of a team that bids is handed. */
export interface Call<Input = Json> {
  /** What is to be done. `input` is null when it is longer than 16 KiB. */
  readonly work: {
    readonly id: string;
    readonly capability: string;
    readonly priority: number;
    readonly tries: number;
    readonly input: Input | null;
  };
  /** What the team was handed; null when it is longer than 16 KiB. */
  readonly input: Json;
  /** Which call about this task it is, from 1. */
  readonly round: number;
}

/** What is bid: by default least `price` wins, then least `estimateMs`. What else it has is for `award`, and for people. */
export interface Offer {
  readonly price?: number;
  readonly estimateMs?: number;
  readonly note?: string;
  readonly [more: string]: Json | undefined;
}

/** No bid. */
export interface Refusal {
  readonly refuse: string;
}

/** Whether this is a call for bids, and not work. */
export function isCall(input: unknown): input is Call {
  if (!isBag(input) || !isBag(input['work']) || typeof input['round'] !== 'number') return false;
  const { id, capability, tries } = input['work'];
  return typeof id === 'string' && typeof capability === 'string' && typeof tries === 'number';
}

/** An agent that bids for work, and does what it is awarded. */
export interface BidderAgentOptions<Input, Output> extends Omit<Agent, 'inputSchema' | 'outputSchema' | 'handle'> {
  readonly capabilities: readonly string[];
  /** What it would do the work for. Throws: no bid. */
  readonly bid: (call: Call<Input>, context: AgentContext) => Offer | Refusal | Promise<Offer | Refusal>;
  /** Does what it was awarded. */
  readonly work: (task: AgentTask<Input>, context: AgentContext) => Output | Promise<Output>;
}

/** An agent that bids when it is called, and else does its work. */
export function bidderAgent<Input = Json, Output = Json>(
  options: BidderAgentOptions<Input, Output>,
): Agent<Input, Output | Offer | Refusal> {
  const { bid, work, ...agent } = options;
  return {
    ...agent,
    handle: (task, context) =>
      isCall(task.input) ? bid(task.input as Call<Input>, context) : work(task as AgentTask<Input>, context),
  };
}

const orNull = (type: string, description: string): JsonObject => ({ type: [type, 'null'], description });

/** JSON Schema (2020-12) of all that a model answers that bids and works: the `schema` of an agent of @reprise/agent-llm. Beside a bid, `result` is null. */
export const BIDDER_SCHEMA: JsonObject = {
  type: 'object',
  properties: {
    price: { ...orNull('number', 'Of a bid: what the work costs. Least wins.'), minimum: 0 },
    estimateMs: { ...orNull('number', 'Of a bid: how long it will take, in milliseconds.'), minimum: 0 },
    note: orNull('string', 'Of a bid: for people.'),
    refuse: orNull('string', 'In place of a bid: why not.'),
    result: { description: 'Of work: what it gave.' },
  },
  required: ['price', 'estimateMs', 'note', 'refuse', 'result'],
  additionalProperties: false,
};

/** What a model is told of its part, as the `system` of an agent of @reprise/agent-llm; what it is good at comes behind. */
export const BIDDER_SYSTEM = `You are a member of a team that bids for work, and does what it is awarded. What you are handed is JSON.
When it has "work" and "round", it is a call for bids: do not do the work. Answer with "price", a number that says what it would cost you, "estimateMs" and "note" if you like, all else null; or, when you cannot do it, with "refuse": why, all else null.
Anything else is work that was awarded to you: do it. Answer with "result": what it gave, all else null.`;
