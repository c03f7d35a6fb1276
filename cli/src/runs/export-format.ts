import { type Flaw, isId, type JsonObject, jsonProblem, type NewEvent, RepriseError } from '@reprise/core';
import { briefJson } from '../output/text.ts';

/** Says what a file is, on the first line of each run in it. */
export const EXPORT_FORMAT = { format: 'reprise-run', formatVersion: 1 } as const;

export interface ExportHeader {
  readonly format: 'reprise-run';
  readonly formatVersion: 1;
  readonly runId: string;
  readonly workflow: string;
  readonly version: string;
  /** Lines that follow. */
  readonly events: number;
  /** ISO 8601. */
  readonly exportedAt: string;
}

/** An event as it was recorded. `time` is in ms since the epoch: the digest of the state depends on it. */
export interface ExportedEvent extends NewEvent {
  readonly revision: number;
}

/** REPRISE_IMPORT_INVALID about a line, counted from 1. */
export const importInvalid = (line: number, problem: string, more: JsonObject = {}, fix?: string): RepriseError =>
  new RepriseError('REPRISE_IMPORT_INVALID', `Line ${line}: ${problem}`, {
    details: { line, ...more },
    ...(fix === undefined ? {} : { fix }),
  });

/** The same about one field of an event. `fields` is the line as it was read. */
export function eventInvalid(line: number, fields: Fields, { field, problem }: Flaw): RepriseError {
  const { revision, type } = fields;
  const which = isCount(revision) ? `event ${revision}` : 'the event';
  const what = typeof type === 'string' ? ` (${type.slice(0, 64)})` : '';
  const where = field === '' ? '' : `, ${field}`;
  return importInvalid(line, `${which}${what}${where}: ${problem}.`, {
    ...(isCount(revision) ? { revision } : {}),
    ...(typeof type === 'string' ? { event: type.slice(0, 64) } : {}),
    field,
  });
}

export type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

/** A line as an object. */
export function parseLine(text: string, line: number): Fields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // What the parser says quotes the text, wherever that came from.
    const said = error instanceof Error ? error.message.slice(0, 200) : String(error);
    throw importInvalid(line, `it is not JSON (${said}).`);
  }
  const problem = isFields(value) ? jsonProblem(value) : 'it is not an object';
  if (problem !== undefined) throw importInvalid(line, `${problem}.`);
  return value as Fields;
}

export const isHeader = (fields: Fields): boolean => 'format' in fields;

export function readHeader(fields: Fields, line: number): ExportHeader {
  if (fields['format'] !== EXPORT_FORMAT.format) {
    throw importInvalid(
      line,
      `it is no export of a run: format is ${briefJson(fields['format'], 60)}, not "${EXPORT_FORMAT.format}".`,
    );
  }
  if (fields['formatVersion'] !== EXPORT_FORMAT.formatVersion) {
    const version = briefJson(fields['formatVersion'], 60);
    throw importInvalid(
      line,
      `it is in version ${version} of the format; this build reads ${EXPORT_FORMAT.formatVersion}.`,
    );
  }
  if (!isId(fields['runId'])) throw importInvalid(line, 'the header has no valid runId.');
  if (!isCount(fields['events'])) throw importInvalid(line, 'the header does not say how many events follow.');
  return fields as unknown as ExportHeader;
}
