import { DIGEST_VERSION } from '../workflow/digest/state-digest.ts';
import { CURRENT_RULES } from '../workflow/rules.ts';
import { STATE_VERSION } from '../workflow/state-codec.ts';

/** A run's state at a revision, as text. */
export interface Keyframe {
  readonly revision: number;
  /** The id of the event at that revision: of another history it is another. */
  readonly eventId: string;
  readonly state: string;
}

/**
 * Keyframes that outlive the process that made them. It is a cache: it may forget whatever it likes, and gives back what it was given or nothing.
 * `version` says which builds read a frame; a store drops those of any other.
 */
export interface KeyframeStore {
  /** The last one of a run that is after revision `after`, and at `at` or before. */
  load(
    runId: string,
    version: string,
    range: { readonly after: number; readonly at: number },
  ): Promise<Keyframe | undefined>;
  save(runId: string, version: string, frame: Keyframe): Promise<void>;
  /** Those of a run are of no use: it is another one now. */
  forget(runId: string): Promise<void>;
  close(): Promise<void>;
}

/** Changes with the shape of the state, with what folding an event does, and with what a digest covers. */
export const KEYFRAME_VERSION = `${STATE_VERSION} ${CURRENT_RULES} ${DIGEST_VERSION}`;
