import type { Whereabouts } from '../store/locate-store.ts';
import { commandText } from './command-text.ts';
import { jsonHead, jsonLength } from './json-pieces.ts';
import { briefJson, clip, count, number, pad, plain, widthOf } from './text.ts';

const MOST = 12;
const WIDTH = 100;
/** Characters that are counted; of a larger output it is said that it has more. */
const COUNTED = 10_000_000;

/** The part of an output that fits on a screen: scalars as they are, lists and objects as what they hold. */
export function notable(output: unknown): readonly string[] {
  if (typeof output === 'string')
    return output === ''
      ? ['(empty text)']
      : output
          .slice(0, MOST * 10_000)
          .split('\n', MOST)
          .map((line) => clip(plain(line), WIDTH));
  if (typeof output !== 'object' || output === null || Array.isArray(output)) return [briefJson(output, WIDTH)];
  const keys = Object.keys(output);
  const shown = keys.slice(0, MOST).map((key) => [plain(key), (output as Record<string, unknown>)[key]] as const);
  const width = Math.min(24, Math.max(0, ...shown.map(([key]) => widthOf(key))));
  const lines = shown.map(([key, value]) => `${pad(clip(key, width), width)}  ${gist(value)}`);
  if (keys.length > MOST) lines.push(`and ${count(keys.length - MOST, 'more field')}`);
  return lines;
}

function gist(value: unknown): string {
  if (typeof value === 'string') return clip(plain(value.slice(0, 10_000)), WIDTH);
  if (Array.isArray(value)) {
    const { text, whole } = jsonHead(value, 60);
    return whole ? plain(text) : count(value.length, 'item');
  }
  return briefJson(value, WIDTH);
}

/** Where there is more of an output than notable() shows: how much, and how to see it all. */
export function shortened(output: unknown, runId: string, where: Whereabouts = {}): string | undefined {
  const { length, more } = jsonLength(output, COUNTED);
  if (!more && length <= WIDTH) return undefined;
  if (!more && isFlat(output)) return undefined;
  const size = `${more ? 'more than ' : ''}${number(length)} characters of JSON`;
  return `Shortened, of ${size}. All of it: ${commandText(`run show ${runId} --json`, where)}`;
}

/** Shown whole, field by field. */
function isFlat(output: unknown): boolean {
  if (typeof output === 'string') return output.split('\n').length <= MOST && !notable(output).some(isCut);
  if (typeof output !== 'object' || output === null || Array.isArray(output)) return false;
  const values = Object.values(output);
  return (
    values.length <= MOST &&
    values.every((value) => !Array.isArray(value) || jsonHead(value, 60).whole) &&
    !notable(output).some(isCut)
  );
}

const isCut = (line: string): boolean => line.endsWith('…');
