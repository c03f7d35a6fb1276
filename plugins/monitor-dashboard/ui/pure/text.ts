const UNITS: readonly (readonly [number, string])[] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'm'],
  [1000, 's'],
];

/** How long, in two units at most: `1h 4m`, `12.4s`, `340ms`. */
export function duration(ms: number): string {
  if (!Number.isFinite(ms) || ms < 0) return '–';
  if (ms < 1000) return `${Math.round(ms)}ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)}s`;
  const at = UNITS.findIndex(([unit]) => ms >= unit);
  const [[size, name] = [1, ''], next] = [UNITS[at], UNITS[at + 1]];
  const rest = next === undefined ? 0 : Math.floor((ms % size) / next[0]);
  return `${Math.floor(ms / size)}${name}${rest === 0 || next === undefined ? '' : ` ${rest}${next[1]}`}`;
}

/** How long ago: `now`, `12s ago`. */
export function ago(time: number, now: number): string {
  const ms = now - time;
  if (ms < 1000) return 'now';
  const [size, name] = UNITS.find(([unit]) => ms >= unit) ?? [1000, 's'];
  return `${Math.floor(ms / size)}${name} ago`;
}

const isObeyed = (code: number): boolean =>
  (code < 0x20 && code !== 9 && code !== 10) ||
  (code >= 0x7f && code <= 0x9f) ||
  code === 0x061c ||
  code === 0x200e ||
  code === 0x200f ||
  (code >= 0x2028 && code <= 0x202e) ||
  (code >= 0x2066 && code <= 0x2069);

/** Signs that would be obeyed rather than shown (control characters, and those that turn the direction of text) as their code points. */
export const visible = (text: string): string =>
  Array.from(text, (sign) => {
    const code = sign.codePointAt(0) ?? 0;
    return isObeyed(code) ? `\\u${code.toString(16).padStart(4, '0')}` : sign;
  }).join('');

/** What a panel has room for of a text that may be of any length; whoever wants all of it opens the event or the task. */
export const shortened = (text: string, most = 1000): string => {
  const left = text.length - most;
  return left <= 0
    ? visible(text)
    : `${visible(text.slice(0, most))}… and ${left.toLocaleString('en')} characters more`;
};

/** What an event says, and who said so and why: the reason once, should the event say nothing else. */
export function saidOf({
  text,
  by,
  reason,
}: {
  readonly text: string;
  readonly by?: string;
  readonly reason?: string;
}): string {
  const who = [by === undefined ? '' : `by ${by}`, reason ?? ''].filter((part) => part !== '').join(': ');
  const said = text === reason ? '' : text;
  return [said, who === '' ? '' : `(${who})`].filter((part) => part !== '').join(' ');
}

/** An amount of what is counted, or of money: as exact as it is told, without zeros behind. */
export const amount = (value: number): string => value.toLocaleString('en', { maximumFractionDigits: 6 });
