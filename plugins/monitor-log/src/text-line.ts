import { relative, sep } from 'node:path';
import { frameText, oneLine, userFrame } from '@reprise/core/plugin';
import type { EntryLevel, LogEntry } from './mapping.ts';

/** How lines for people are written. */
export interface TextStyle {
  readonly colours: boolean;
  /** Whole stacks instead of the first frame in the user's own code. */
  readonly stacks: boolean;
}

const RED = 31;
const COLOURS: Readonly<Record<EntryLevel, number>> = { debug: 2, info: 36, warn: 33, error: RED };
/** Lines of a stack that are shown. */
const MOST_LINES = 60;
/** Fields that stand in the message, or say what a person at a terminal does not ask for. */
const LEFT_OUT: ReadonlySet<string> = new Set([
  ...['event', 'notice', 'run', 'task', 'attempt', 'revision', 'at', 'causationId', 'traceparent', 'definitionHash'],
  ...['error', 'fields', 'data', 'stack', 'worker'],
]);

/** The style that the environment asks for: NO_COLOR, FORCE_COLOR and DEBUG. */
export function styleOf({ NO_COLOR, FORCE_COLOR, DEBUG, TERM }: NodeJS.ProcessEnv, isTerminal: boolean): TextStyle {
  const forced = FORCE_COLOR !== undefined && FORCE_COLOR !== '' && FORCE_COLOR !== '0';
  const refused = (NO_COLOR !== undefined && NO_COLOR !== '') || FORCE_COLOR === '0';
  return {
    colours: !refused && (forced || (isTerminal && TERM !== 'dumb')),
    stacks: DEBUG !== undefined && !['', '0', 'false'].includes(DEBUG),
  };
}

/**
 * An entry as a person reads it: time, level, message and the facts that go with it; below an agent's failure where it was thrown. All that
 * others wrote is made visible and stays on its line. Ends with a line feed.
 */
export function textLine({ level, message, fields }: LogEntry, at: Date, style: TextStyle): string {
  const paint = (code: number, text: string): string => (style.colours ? `\u001b[${code}m${text}\u001b[0m` : text);
  const facts = [errorText(fields['error']), ...Object.entries(fields).flatMap(factText), ...logged(fields['fields'])];
  const said = facts.filter((fact) => fact !== '').join(' ');
  const head = `${paint(2, timeOf(at))} ${paint(COLOURS[level], level.padEnd(5))} ${oneLine(message)}`;
  const lines = [said === '' ? head : `${head}  ${paint(2, said)}`];
  for (const line of whereOf(fields['fields'], style)) lines.push(paint(2, `    ${line}`));
  return `${lines.join('\n')}\n`;
}

const two = (part: number): string => String(part).padStart(2, '0');

/** `14:05:09.123`, in the time zone of whoever reads. */
const timeOf = (at: Date): string =>
  `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${String(at.getMilliseconds()).padStart(3, '0')}`;

function errorText(error: unknown): string {
  const { code, message } = (error ?? {}) as { readonly code?: unknown; readonly message?: unknown };
  return code === undefined ? '' : oneLine(`${String(code)}: ${String(message)}`);
}

const factText = ([key, value]: readonly [string, unknown]): readonly string[] =>
  LEFT_OUT.has(key) || value === undefined || value === null ? [] : [oneLine(`${key}=${shown(value)}`)];

const shown = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));

/** What an agent logged beside its message; of a failure, the stack is below. */
function logged(fields: unknown): readonly string[] {
  if (typeof fields !== 'object' || fields === null) return [];
  return Object.entries(fields).flatMap(factText);
}

function whereOf(fields: unknown, { stacks }: TextStyle): readonly string[] {
  const { stack } = (fields ?? {}) as { readonly stack?: unknown };
  if (typeof stack !== 'string') return [];
  if (stacks)
    return stack
      .split('\n')
      .slice(0, MOST_LINES)
      .map((line) => `${/^ */.exec(line)?.[0] ?? ''}${oneLine(line)}`);
  const frame = userFrame(stack);
  return frame === undefined ? [] : [oneLine(frameText(frame, fromHere))];
}

/** Paths below the current folder are shown from there. */
function fromHere(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith(`..${sep}`) || short === '' ? path : short;
}
