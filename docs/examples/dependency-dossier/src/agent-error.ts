/** What the agents of this example throw on input that no retry can mend. */
export type DossierErrorCode =
  | 'NO_FOLDER'
  | 'NO_MANIFEST'
  | 'NO_DEPENDENCY_TREE'
  | 'CORRUPT_JSON'
  | 'NO_README'
  | 'OUTPUT_UNWRITABLE';

/** `code` and `retryable` are what the engine's retry policy and history read; the message says what to do. */
export class DossierError extends Error {
  override readonly name = 'DossierError';
  readonly code: DossierErrorCode;
  readonly retryable = false;

  constructor(code: DossierErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}
