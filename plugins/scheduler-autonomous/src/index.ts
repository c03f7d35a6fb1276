export {
  type AutonomousOptions,
  type Bounds,
  DEFAULT_OPTIONS,
  ON_FAILURE,
  type OnFailure,
  type ResolvedAutonomousOptions,
  resolveAutonomousOptions,
} from './options.ts';
export { autonomousScheduler } from './plugin.ts';
export {
  type AutonomousSpec,
  type BidSpec,
  type Claimer,
  type ClaimSpec,
  type HandOffSpec,
  MODES,
  type Mode,
} from './spec.ts';
export { createAutonomousStrategy } from './strategy.ts';
