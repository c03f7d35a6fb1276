import type { Notice } from '@reprise/core/plugin';

/** From the least to the most urgent. */
export const KEPT_LEVELS = ['debug', 'progress', 'info', 'warn', 'error'] as const;

/** `progress`: what an agent emitted. All others are levels of what it logged. */
export type KeptLevel = (typeof KEPT_LEVELS)[number];

/** One line of an attempt, before it has a place in the file. */
export interface LineToKeep {
  readonly runId: string;
  /** Absent: about the run as such. */
  readonly taskId: string | undefined;
  readonly attempt: number | undefined;
  readonly agent: string | undefined;
  /** When this process heard of it, ms since the Unix epoch. */
  readonly at: number;
  readonly level: KeptLevel;
  readonly message: string;
  /** JSON; what was too long for it is gone, and `cut` says so. */
  readonly fields: string | undefined;
}

/** Characters of a message, and of the fields of a line, that are kept. */
export const MAX_MESSAGE_CHARS = 8192;
export const MAX_FIELDS_CHARS = 16_384;

const clipped = (text: string): string =>
  text.length <= MAX_MESSAGE_CHARS ? text : `${text.slice(0, MAX_MESSAGE_CHARS)}… (${text.length} characters)`;

/** Undefined where there is nothing to say. */
function fieldsOf(fields: unknown): string | undefined {
  const text = JSON.stringify(fields);
  if (text === undefined || text === '{}') return undefined;
  return text.length <= MAX_FIELDS_CHARS ? text : JSON.stringify({ cut: `${text.length} characters` });
}

/** Undefined for what is about no run. */
export function lineOf(notice: Notice, at: number): LineToKeep | undefined {
  if (notice.kind === 'progress') {
    const { runId, taskId, attempt, progress } = notice;
    const isText = typeof progress === 'string';
    const message = isText ? clipped(progress) : '';
    const fields = isText ? undefined : fieldsOf({ progress });
    return { runId, taskId, attempt, agent: undefined, at, level: 'progress', message, fields };
  }
  if (notice.kind !== 'log' || notice.runId === undefined) return undefined;
  const { runId, taskId, attempt, agent, level, message, fields } = notice;
  return { runId, taskId, attempt, agent, at, level, message: clipped(message), fields: fieldsOf(fields) };
}
