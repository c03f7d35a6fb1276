import { briefJson, clip, count, plain } from './text.ts';

const MOST = 12;
const WIDTH = 100;

/** The part of an output that fits on a screen: scalars as they are, lists and objects as what they hold. */
export function notable(output: unknown): readonly string[] {
  if (typeof output === 'string')
    return output === ''
      ? ['(empty text)']
      : output
          .split('\n')
          .slice(0, MOST)
          .map((line) => clip(plain(line), WIDTH));
  if (typeof output !== 'object' || output === null || Array.isArray(output)) return [briefJson(output, WIDTH)];
  const entries = Object.entries(output);
  const width = Math.min(24, Math.max(0, ...entries.slice(0, MOST).map(([key]) => key.length)));
  const lines = entries
    .slice(0, MOST)
    .map(([key, value]) => `${clip(plain(key), width).padEnd(width)}  ${gist(value)}`);
  if (entries.length > MOST) lines.push(`and ${count(entries.length - MOST, 'more field')}`);
  return lines;
}

function gist(value: unknown): string {
  if (typeof value === 'string') return clip(plain(value), WIDTH);
  if (Array.isArray(value)) {
    const short = JSON.stringify(value);
    return short.length <= 60 ? plain(short) : count(value.length, 'item');
  }
  return briefJson(value, WIDTH);
}
