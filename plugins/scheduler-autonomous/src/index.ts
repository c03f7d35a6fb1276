export {
  BIDDER_SCHEMA,
  BIDDER_SYSTEM,
  type BidderAgentOptions,
  bidderAgent,
  type Call,
  isCall,
  type Offer,
  type Refusal,
} from './bidder-agent.ts';
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
