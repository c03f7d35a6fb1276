import { parseDuration } from '../../../shared/duration.ts';

const DATE = /^\d{4}-\d\d-\d\d$/;
const DATE_TIME = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,3})?)?([Zz]|[+-]\d\d:\d\d)?$/;
const DAY_MS = 86_400_000;
/** The years 0 to 9999: what is written with four digits. */
const EARLIEST = -62_167_219_200_000;
const LATEST = 253_402_300_799_999;

/** A moment, or a whole day: until before `until`. In ms since the epoch. */
export interface Moment {
  readonly from: number;
  readonly until?: number;
}

/**
 * `2026-11-01` (a day), `2026-11-01T10:30`, `…:30.250`, each of UTC unless an offset is written (`+02:00`); or from `now`: `now`, `-2h`, `+30m`.
 * Undefined when it is no time.
 */
export function parseTime(text: string, now: number): Moment | undefined {
  const moment = read(text, now);
  return moment !== undefined && moment.from >= EARLIEST && moment.from <= LATEST ? moment : undefined;
}

function read(text: string, now: number): Moment | undefined {
  if (text === 'now') return { from: now };
  const ahead = /^[+-]/.test(text) ? parseDuration(text.slice(1)) : undefined;
  if (ahead !== undefined) return { from: text.startsWith('-') ? now - ahead : now + ahead };
  if (DATE.test(text)) {
    const from = Date.parse(text);
    // What is no day (the 31st of November) is refused, not taken for the next one.
    return Number.isNaN(from) || !iso(from).startsWith(text) ? undefined : { from, until: from + DAY_MS };
  }
  const [, , , zone] = DATE_TIME.exec(text) ?? [];
  if (!DATE_TIME.test(text)) return undefined;
  const from = Date.parse((zone === undefined ? `${text}Z` : text).toUpperCase().replace(' ', 'T'));
  const day = text.slice(0, 10);
  if (Number.isNaN(from) || !iso(Date.parse(day)).startsWith(day)) return undefined;
  return { from };
}

const iso = (ms: number): string => (Number.isNaN(ms) ? '' : new Date(ms).toISOString());

/** How printQuery writes a time: the shortest form that parseTime reads as the same one. */
export function printTime({ from, until }: Moment): string {
  const text = iso(from);
  return until === undefined ? text : text.slice(0, 10);
}
