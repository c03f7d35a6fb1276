import type { Stage } from './recorder.ts';

export interface Scenario {
  readonly about: string;
  /** Plays it; the id of the run whose history is kept. */
  play(stage: Stage): Promise<string>;
}
