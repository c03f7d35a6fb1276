import { decide } from '../workflow/decide.ts';
import { effectsOf, openEffects } from '../workflow/effects.ts';
import { evolve } from '../workflow/evolve.ts';
import { handle, settleOn } from '../workflow/handle.ts';

/** The pure functions that a turn calls. A part of its own, so that a test can have each of them throw. */
export interface Heart {
  readonly decide: typeof decide;
  readonly handle: typeof handle;
  readonly settleOn: typeof settleOn;
  readonly evolve: typeof evolve;
  readonly effectsOf: typeof effectsOf;
  readonly openEffects: typeof openEffects;
}

export const HEART: Heart = { decide, handle, settleOn, evolve, effectsOf, openEffects };
