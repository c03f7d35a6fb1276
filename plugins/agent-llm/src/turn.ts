import type { AgentTask, Json, JsonObject } from '@reprise/core/plugin';
import { isBag, type TaskWords } from './options.ts';
import type { Settings } from './settings.ts';
import type { Usage } from './usage.ts';

/** A message of the talk with a model. */
export interface ChatMessage {
  readonly role: 'user' | 'assistant';
  readonly content: string;
}

/** A call that became a task. */
export interface TurnCall {
  readonly id: string;
  readonly tool: string;
  /** In the block of the turn. */
  readonly task: string;
  readonly input: Json;
}

/** What a turn gives: all of it that is new, so that a history grows with what is said, and not with how often it is said again. */
export interface Turn {
  readonly turn: number;
  /** As the server calls what answered. */
  readonly model: string;
  readonly parameters: JsonObject;
  /** Of the first turn: what was sent. */
  readonly system?: string;
  readonly prompt?: readonly ChatMessage[];
  readonly text?: string;
  readonly calls?: readonly TurnCall[];
  /** Of the last turn. */
  readonly answer?: Json;
  /** What was of no use, and what the model was told about it. */
  readonly repairs?: readonly { readonly said: string; readonly problem: string }[];
  readonly finishReason: string;
  readonly usage: Usage;
}

/** Where a turn stands in its conversation. */
export interface Place {
  /** From 1. */
  readonly turn: number;
  /** This task, and that of the first turn, in their block. */
  readonly task: string;
  readonly first: string;
  /** What ids of added tasks begin with. */
  readonly base: string;
  /** Turns before, in order. */
  readonly turns: readonly Turn[];
  /** What came of the calls of turns before, by task. */
  readonly results: Readonly<Record<string, Json>>;
}

/** What a tool's task gives when it failed. */
export interface FailedCall {
  readonly $llm: { readonly failed: { readonly code: string; readonly message: string } };
}

/** Under it the input of an added task says what it is. It counts only where the id of the task says the same, so that no prompt can pretend to be one. */
const MARK = '$llm';

const UNKNOWN: FailedCall = {
  [MARK]: {
    failed: {
      code: 'REPRISE_OUTCOME_UNKNOWN',
      message: 'It is not known whether this call took effect. It was not made again, and must not be.',
    },
  },
};

/** Of the task of a call. A tool is not called by a number: else its task would be called as a turn is, and its input is what a model says. */
const CALL_ID = /\.\d+\.[A-Za-z][A-Za-z0-9_-]*$/;

type Bag = Readonly<Record<string, unknown>>;

const inBlock = (taskId: string): string => taskId.slice(taskId.lastIndexOf('/') + 1);

const marked = (input: unknown): Bag | undefined => {
  const mark = isBag(input) ? input[MARK] : undefined;
  return isBag(mark) ? mark : undefined;
};

const turnId = (base: string, turn: number): string => `${base}.${turn}`;

export function placeOf({ input, taskId, round }: Pick<AgentTask<Json>, 'input' | 'taskId' | 'round'>): Place {
  const task = inBlock(taskId);
  const { base, first, turn, turns, results } = (marked(input) ?? {}) as unknown as Place;
  if (typeof turn === 'number' && turn > 1 && task === turnId(base, turn))
    return { turn, task, first, base, turns, results };
  // Each round of a repeat adds under ids of its own.
  return { turn: 1, task, first: task, base: round === 1 ? task : `${task}.r${round}`, turns: [], results: {} };
}

/** What a tool failed with, when the task is the fallback of one. */
export function failedCall({
  input,
  taskId,
  error,
}: Pick<AgentTask<Json>, 'input' | 'taskId' | 'error'>): FailedCall | undefined {
  const failed = marked(input)?.['failed'];
  if (!isBag(failed) || error === undefined || !CALL_ID.test(inBlock(taskId))) return undefined;
  return { [MARK]: { failed: { code: String(failed['code']), message: String(failed['message']) } } };
}

/** How the failure of a tool is told to the model; undefined for a result. */
export function failureIn(result: Json | undefined): string | undefined {
  const failed = marked(result)?.['failed'];
  return isBag(failed) ? `${String(failed['code'])}: ${String(failed['message'])}` : undefined;
}

/** Ids of the tasks of the calls of a turn: `ask.1.search`, `ask.1.search-2`. */
export function idsOf(tools: readonly string[], { base, turn }: Pick<Place, 'base' | 'turn'>): readonly string[] {
  const taken = new Set<string>();
  return tools.map((tool) => {
    let id = tool;
    for (let nth = 2; taken.has(id); nth += 1) id = `${tool}-${nth}`;
    taken.add(id);
    return `${turnId(base, turn)}.${id}`;
  });
}

const outputOf = (task: string, path = ''): string => `\${ outputs[${JSON.stringify(task)}]${path} }`;

/**
 * The tasks that go on from a turn: one for each call, and the next turn after them. What they are handed is said by place, so a history has it once, and
 * what a model says is never read as an expression.
 */
export function tasksAfter(place: Place, calls: readonly TurnCall[], settings: Settings): Record<string, TaskWords> {
  const { task, first, base, turn, turns, results } = place;
  const fallback = [{ agent: settings.name, input: { [MARK]: { failed: `\${ error }` } } }, { value: UNKNOWN }];
  const tools = calls.map(({ tool, task: id }, index) => {
    const { performer = {}, words = {} } = settings.tools.get(tool) ?? {};
    return [
      id,
      { ...performer, ...words, after: task, input: outputOf(task, `.calls[${index}].input`), fallback },
    ] as const;
  });
  const said = [...turns.map((_, index) => (index === 0 ? first : turnId(base, index + 1))), task];
  const ended = [...Object.keys(results), ...calls.map(({ task: id }) => id)];
  const next = {
    agent: settings.name,
    ...settings.turn,
    may: ['spawn', 'finish'],
    after: calls.map(({ task: id }) => id),
    input: {
      [MARK]: {
        base,
        first,
        turn: turn + 1,
        turns: said.map((id) => outputOf(id)),
        results: Object.fromEntries(ended.map((id) => [id, outputOf(id)])),
      },
    },
  };
  return { ...Object.fromEntries(tools), [turnId(base, turn + 1)]: next };
}
