import type { LanguageModelUsage } from 'ai';
import type { Prices } from './options.ts';

/** What an attempt used. The shape that budgets will settle by. */
export interface Usage {
  readonly requests: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Requests of which the server did not tell what they used; absent when there are none. What they used is in no number here. */
  readonly untold?: number;
  /** Of the input: what the server had in its cache. */
  readonly cachedInputTokens?: number;
  /** Of the output: what nobody sees. */
  readonly reasoningTokens?: number;
  /** In the currency of the prices; absent without them. */
  readonly cost?: number;
}

export const NOTHING_USED: Usage = { requests: 0, inputTokens: 0, outputTokens: 0 };

const PER = 1_000_000;
/** Sums of prices have no end of digits. */
const DIGITS = 1e9;

/** Of one request. */
export function usageOf(used: LanguageModelUsage | undefined, prices: Prices | undefined): Usage {
  const inputTokens = used?.inputTokens ?? 0;
  const outputTokens = used?.outputTokens ?? 0;
  const cached = used?.inputTokenDetails.cacheReadTokens;
  const reasoning = used?.outputTokenDetails.reasoningTokens;
  return {
    requests: 1,
    inputTokens,
    outputTokens,
    // No prompt has no token.
    ...(inputTokens === 0 ? { untold: 1 } : {}),
    ...(cached === undefined ? {} : { cachedInputTokens: cached }),
    ...(reasoning === undefined ? {} : { reasoningTokens: reasoning }),
    ...(prices === undefined ? {} : { cost: costOf(inputTokens, outputTokens, cached ?? 0, prices) }),
  };
}

function costOf(input: number, output: number, cached: number, prices: Prices): number {
  const { cachedInput = prices.input } = prices;
  return rounded(((input - cached) * prices.input + cached * cachedInput + output * prices.output) / PER);
}

const rounded = (cost: number): number => Math.round(cost * DIGITS) / DIGITS;

export function added(a: Usage, b: Usage): Usage {
  const both = (key: 'untold' | 'cachedInputTokens' | 'reasoningTokens' | 'cost'): Partial<Usage> =>
    a[key] === undefined && b[key] === undefined ? {} : { [key]: (a[key] ?? 0) + (b[key] ?? 0) };
  const cost = both('cost').cost;
  return {
    requests: a.requests + b.requests,
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    ...both('untold'),
    ...both('cachedInputTokens'),
    ...both('reasoningTokens'),
    ...(cost === undefined ? {} : { cost: rounded(cost) }),
  };
}
