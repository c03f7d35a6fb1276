import type { Json } from '@reprise/core/plugin';
import type { Reply } from './request.ts';
import type { Settings } from './settings.ts';

/** What a reply comes to. */
export type Verdict =
  | { readonly kind: 'answer'; readonly answer: Json }
  | { readonly kind: 'calls' }
  /** It is of no use; the problem is told to the model. */
  | { readonly kind: 'repair'; readonly of: 'answer' | 'calls'; readonly said: string; readonly problem: string };

/** Calls of one turn: more than that is a slip. */
const MOST_CALLS = 64;

export async function judge({ text, calls }: Reply, settings: Settings): Promise<Verdict> {
  if (calls.length > 0) return callsVerdict(text, calls, settings);
  if (settings.schema === undefined) {
    if (text.trim() !== '') return { kind: 'answer', answer: text };
    return { kind: 'repair', of: 'answer', said: '(nothing)', problem: 'Your answer was empty. Answer again.' };
  }
  const parsed = parse(text);
  const result = parsed === undefined ? { problems: ['it is not JSON'] } : await settings.schema.check(parsed.value);
  if ('value' in result) return { kind: 'answer', answer: result.value };
  const problem = `Your answer does not fit the schema:\n${lines(result.problems)}\nAnswer again, with JSON only, without any other text.`;
  return { kind: 'repair', of: 'answer', said: text, problem };
}

async function callsVerdict(text: string, calls: Reply['calls'], { tools }: Settings): Promise<Verdict> {
  const problems: string[] =
    calls.length > MOST_CALLS ? [`${calls.length} calls are too many; make ${MOST_CALLS} at most`] : [];
  for (const { tool: name, input } of calls.slice(0, MOST_CALLS)) {
    const tool = tools.get(name);
    if (tool === undefined)
      problems.push(`there is no tool ${name}; there are ${[...tools.keys()].join(', ') || 'none'}`);
    // What is no JSON is left as the text that it was.
    else if (typeof input !== 'object' || input === null) problems.push(`the arguments of ${name} are no JSON object`);
    else {
      const result = await tool.parameters.check(input as Json);
      if ('problems' in result) problems.push(...result.problems.map((one) => `arguments of ${name}: ${one}`));
    }
  }
  if (problems.length === 0) return { kind: 'calls' };
  const shown = calls
    .slice(0, MOST_CALLS)
    .map(({ tool, input }) => `${tool}(${typeof input === 'string' ? input : JSON.stringify(input)})`);
  const problem = `Nothing was called:\n${lines(problems)}\nCall again, with arguments that fit, or answer.`;
  return { kind: 'repair', of: 'calls', said: [text, ...shown].filter((part) => part !== '').join('\n'), problem };
}

const lines = (problems: readonly string[]): string => problems.map((one) => `- ${one}`).join('\n');

/** JSON, also where a model puts it into a fence. */
function parse(text: string): { readonly value: Json } | undefined {
  const fenced = /^\s*```(?:json)?\s*\n([\s\S]*?)\n?```\s*$/.exec(text);
  try {
    return { value: JSON.parse(fenced?.[1] ?? text) as Json };
  } catch {
    return undefined;
  }
}
