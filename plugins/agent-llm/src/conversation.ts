import type { Json } from '@reprise/core/plugin';
import type { ModelMessage, ToolResultPart } from 'ai';
import { LlmError } from './errors.ts';
import { isBag } from './options.ts';
import type { Settings } from './settings.ts';
import { type ChatMessage, failureIn, type Place } from './turn.ts';

/** What the model is told: what the input of the task says, or `{ messages }`. Throws LLM_INPUT_INVALID. */
export function promptOf(input: Json, { redact }: Pick<Settings, 'redact'>): readonly ChatMessage[] {
  const given = isBag(input) && Object.keys(input).length === 1 ? input['messages'] : undefined;
  if (given === undefined) {
    const content = typeof input === 'string' ? input : JSON.stringify(input, null, 2);
    if (content.trim() === '') throw new LlmError('LLM_INPUT_INVALID', 'The input is empty: there is nothing to ask.');
    return [{ role: 'user', content: redact(content) }];
  }
  if (!Array.isArray(given) || given.length === 0 || !given.every(isMessage))
    throw new LlmError('LLM_INPUT_INVALID', 'messages is no list of { role: user | assistant, content: text }.');
  return (given as readonly ChatMessage[]).map(({ role, content }) => ({ role, content: redact(content) }));
}

const isMessage = (value: unknown): boolean =>
  isBag(value) && (value['role'] === 'user' || value['role'] === 'assistant') && typeof value['content'] === 'string';

/** With the schema, where the server is not told of it in another way. */
export function systemOf({ system, schema, structured, redact }: Settings): string | undefined {
  const parts = system === undefined ? [] : [redact(system)];
  if (schema !== undefined && structured !== 'json_schema')
    parts.push(
      `Answer with JSON only, without any other text. It has to fit this JSON Schema:\n${JSON.stringify(schema.json)}`,
    );
  return parts.length === 0 ? undefined : parts.join('\n\n');
}

/** What was said in the turns before, as the server is told it again. */
export function messagesBefore(
  { turns, results }: Pick<Place, 'turns' | 'results'>,
  { redact }: Pick<Settings, 'redact'>,
): ModelMessage[] {
  const messages: ModelMessage[] = [...(turns[0]?.prompt ?? [])];
  for (const { text = '', calls = [] } of turns) {
    const spoken = text === '' ? [] : [{ type: 'text', text } as const];
    const called = calls.map(
      ({ id, tool, input }) => ({ type: 'tool-call', toolCallId: id, toolName: tool, input }) as const,
    );
    messages.push({ role: 'assistant', content: [...spoken, ...called] });
    const told = calls.map(({ id, tool, task }) => resultOf(id, tool, results[task], redact));
    messages.push({ role: 'tool', content: told });
  }
  return messages;
}

function resultOf(
  id: string,
  tool: string,
  result: Json | undefined,
  redact: (text: string) => string,
): ToolResultPart {
  const failed = failureIn(result);
  const value = redact(failed ?? (typeof result === 'string' ? result : JSON.stringify(result ?? null)));
  return {
    type: 'tool-result',
    toolCallId: id,
    toolName: tool,
    output: failed === undefined ? { type: 'text', value } : { type: 'error-text', value },
  };
}
