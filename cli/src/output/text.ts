import { stripVTControlCharacters } from 'node:util';

const ESCAPE = '\u001b';
const STYLE = new RegExp(`${ESCAPE}\\[[0-9;]*m`, 'y');

/** One line of text that cannot move the cursor or change colours: what runs and agents said is shown, never obeyed. */
export const plain = (text: string): string =>
  stripVTControlCharacters(text)
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/\p{Cc}/gu, '\uFFFD')
    .trim();

/** At most `width` characters, the last of which says that something is missing. */
export function clip(text: string, width: number): string {
  if (text.length <= width) return text;
  const characters = [...text];
  if (characters.length <= width) return text;
  return `${characters.slice(0, Math.max(0, width - 1)).join('')}…`;
}

/** Characters that show. */
export const widthOf = (text: string): number => [...stripVTControlCharacters(text)].length;

/** Like clip(), for text with colours in it. */
export function clipStyled(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let kept = '';
  let left = Math.max(0, width - 1);
  for (let index = 0; index < text.length && left > 0; ) {
    STYLE.lastIndex = index;
    const style = STYLE.exec(text)?.[0];
    const piece = style ?? String.fromCodePoint(text.codePointAt(index) ?? 0);
    kept += piece;
    index += piece.length;
    if (style === undefined) left -= 1;
  }
  return `${kept}…${text.includes(ESCAPE) ? `${ESCAPE}[0m` : ''}`;
}

export const pad = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - widthOf(text)));

export const padStart = (text: string, width: number): string => ' '.repeat(Math.max(0, width - widthOf(text))) + text;

/** A JSON value on one line of at most `width` characters. */
export function briefJson(value: unknown, width: number): string {
  if (typeof value === 'string') return clip(JSON.stringify(value.slice(0, width + 1)), width);
  if (Array.isArray(value) && value.length > 20) return clip(`[ ${count(value.length, 'item')} ]`, width);
  return clip(plain(JSON.stringify(value) ?? 'null'), width);
}

const GROUPS = new Intl.NumberFormat('en-US');

export const number = (value: number): string => GROUPS.format(value);

/** `1 item`, `2,000 items`. */
export const count = (value: number, noun: string): string => `${number(value)} ${noun}${value === 1 ? '' : 's'}`;

/** `2026-01-31 14:05:09`, in the time zone of whoever reads. */
export function localTime(at: number): string {
  const date = new Date(at);
  const two = (part: number): string => String(part).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

export const isoTime = (at: number): string => new Date(at).toISOString();

/** ISO text, or null for what has no time yet: for JSON. */
export const isoOrNull = (at: number | undefined): string | null => (at === undefined ? null : isoTime(at));
