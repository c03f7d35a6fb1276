import { isId, jsonProblem, type NewEvent, RepriseError } from '@reprise/core';

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
export const importInvalid = (line: number, problem: string): RepriseError =>
  new RepriseError('REPRISE_IMPORT_INVALID', `Line ${line}: ${problem}`, { details: { line } });

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

/** A line as an object. */
export function parseLine(text: string, line: number): Fields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw importInvalid(line, `it is not JSON (${error instanceof Error ? error.message : String(error)}).`);
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
      `it is no export of a run: format is ${JSON.stringify(fields['format'])}, not "${EXPORT_FORMAT.format}".`,
    );
  }
  if (fields['formatVersion'] !== EXPORT_FORMAT.formatVersion) {
    const version = JSON.stringify(fields['formatVersion']);
    throw importInvalid(
      line,
      `it is in version ${version} of the format; this build reads ${EXPORT_FORMAT.formatVersion}.`,
    );
  }
  if (!isId(fields['runId'])) throw importInvalid(line, 'the header has no valid runId.');
  if (!isCount(fields['events'])) throw importInvalid(line, 'the header does not say how many events follow.');
  return fields as unknown as ExportHeader;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export function readEvent(fields: Fields, line: number): ExportedEvent {
  const { revision, id, type, time, data, metadata } = fields;
  if (!isCount(revision)) throw importInvalid(line, 'the event has no revision.');
  if (typeof id !== 'string' || !UUID.test(id)) throw importInvalid(line, 'the event has no id (a UUID).');
  if (typeof type !== 'string') throw importInvalid(line, 'the event has no type.');
  if (!isCount(time)) throw importInvalid(line, 'the event has no time (ms since the epoch).');
  if (!isFields(data)) throw importInvalid(line, 'the event has no data.');
  const { causationId, correlationId, schemaVersion } = isFields(metadata) ? metadata : {};
  if (typeof causationId !== 'string' || typeof correlationId !== 'string' || !isCount(schemaVersion)) {
    throw importInvalid(line, 'the metadata of the event lacks causationId, correlationId or schemaVersion.');
  }
  return fields as unknown as ExportedEvent;
}
