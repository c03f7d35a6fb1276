import { oneLine, systemRandom, visibleText } from '@reprise/core';
import { jsonHead } from './json-pieces.ts';
import { graphemesOf, widthOfGrapheme } from './width.ts';

const ESCAPE = '\u001b';
/** Stands in every colour of our own until it is written, so that no text from elsewhere can pass for one. */
const MARK = String(100_000 + Math.floor(systemRandom() * 900_000));
const STYLE = new RegExp(`${ESCAPE}\\[\\d+;${MARK}m`, 'g');
const PLAIN = /^[\x20-\x7E]*$/;

/** One line of text that cannot move the cursor, change colours, hide or turn the order: what others wrote is shown, never obeyed. */
export const plain = (text: string): string => oneLine(text);

/** A colour, marked as our own. `code` is that of an SGR sequence. */
export const styleOf = (code: string): string => `${ESCAPE}[${code};${MARK}m`;

/** A line as it may be written: everything but our own colours made visible, line feeds and tabs included. May be done again. */
export function shown(line: string): string {
  if (PLAIN.test(line)) return line;
  let text = '';
  let from = 0;
  for (const { 0: style, index } of line.matchAll(STYLE)) {
    text += visible(line.slice(from, index)) + style;
    from = index + style.length;
  }
  return text + visible(line.slice(from));
}

const visible = (text: string): string => visibleText(text).replaceAll('\n', '\\u000a').replaceAll('\t', '    ');

/** What goes to the screen: shown(), with our colours as a terminal understands them. */
export const written = (line: string): string => shown(line).replaceAll(`;${MARK}m`, 'm');

/** At most `width` columns, the last of which says that something is missing. Cuts between graphemes. */
export function clip(text: string, width: number): string {
  if (PLAIN.test(text)) return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
  return clipStyled(text, width);
}

/** Columns that the text takes on a screen. */
export function widthOf(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let width = 0;
  for (const grapheme of graphemesOf(text.replaceAll(STYLE, ''))) width += widthOfGrapheme(grapheme);
  return width;
}

/** Like clip(), for text with colours of ours in it. */
export function clipStyled(text: string, width: number): string {
  // Of an endless text, no more is looked at than can be shown.
  const whole = text.length <= width * 64 + 1024;
  const looked = whole ? text : text.slice(0, width * 64 + 1024);
  if (whole && widthOf(looked) <= width) return text;
  let kept = '';
  let left = Math.max(0, width - 1);
  let from = 0;
  const take = (part: string): boolean => {
    for (const grapheme of graphemesOf(part)) {
      left -= widthOfGrapheme(grapheme);
      if (left < 0) return false;
      kept += grapheme;
    }
    return true;
  };
  for (const { 0: style, index } of [...looked.matchAll(STYLE), { 0: '', index: looked.length }]) {
    if (!take(looked.slice(from, index))) break;
    kept += style;
    from = index + style.length;
  }
  return `${kept}…${text.includes(MARK) ? styleOf('0') : ''}`;
}

export const pad = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - widthOf(text)));

export const padStart = (text: string, width: number): string => ' '.repeat(Math.max(0, width - widthOf(text))) + text;

/** A JSON value on one line of at most `width` characters. Costs what is shown, not what there is. */
export function briefJson(value: unknown, width: number): string {
  if (Array.isArray(value) && value.length > 20) return clip(`[ ${count(value.length, 'item')} ]`, width);
  const { text, whole } = jsonHead(value, width * 4);
  const brief = clip(plain(text), width);
  return whole || brief.endsWith('…') ? brief : `${clip(brief, width - 1)}…`;
}

const GROUPS = new Intl.NumberFormat('en-US');

export const number = (value: number): string => GROUPS.format(value);

/** `1 item`, `2,000 items`. */
export const count = (value: number, noun: string): string => `${number(value)} ${noun}${value === 1 ? '' : 's'}`;

/** `2026-01-31 14:05:09`, in the time zone of whoever reads. */
export function localTime(at: number): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return String(at);
  const two = (part: number): string => String(part).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** ISO 8601; of a time that no date can show (an older build imported such), the number. */
export function isoTime(at: number): string {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? String(at) : date.toISOString();
}

/** ISO text, or null for what has no time yet: for JSON. */
export const isoOrNull = (at: number | undefined): string | null => (at === undefined ? null : isoTime(at));
