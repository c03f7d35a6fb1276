export type { Command } from '../orchestration/workflow/commands.ts';
export type { DecisionContext } from '../orchestration/workflow/decisions/decision-context.ts';
export { type CallAgentOptions, type CalledAgent, callAgent } from './call-agent.ts';
export { seededRandom, sequentialIds } from './deterministic.ts';
export {
  type FaultCounts,
  type FaultsOf,
  type FaultyTransport,
  type FaultyTransportOptions,
  faultyTransport,
  type TransportFaults,
} from './faulty-transport.ts';
export {
  type ExpectedEvent,
  Given,
  type GivenCommand,
  type GivenEvent,
  given,
  started,
  TEST_RUN_ID,
  Then,
} from './given.ts';
export type { GivenMessage, SentMessage, SettledMessage } from './given-messages.ts';
export { DEFAULT_START, ManualClock } from './manual-clock.ts';
export { messagesOf, type ToldMessage } from './messages-of.ts';
export { type RecordingMonitor, recordingMonitor } from './recording-monitor.ts';
export type { AgentScript, ScriptContext, ScriptedCall, ScriptedFailure, ScriptFunction } from './script.ts';
export { DEFAULT_SIM_FAULTS, SIM_FAULTS, type SimFault, type SimFaultKind } from './sim/fault.ts';
export { SIM_INVARIANTS } from './sim/invariants.ts';
export type { PlayedBy } from './sim/sim-agents.ts';
export type { SimParts } from './sim/sim-world.ts';
export {
  replaySimulation,
  type SimFailure,
  type SimProgress,
  type SimReport,
  type SimulateRunsOptions,
  simulateRuns,
} from './sim/simulate-runs.ts';
export type { Broken, SimCall, SimInvariant, SimulatedRun } from './sim/simulated-run.ts';
export { type AgentCall, type SimulateOptions, type Simulation, simulate } from './simulate.ts';
export { type ScriptedAnswer, type TalksOptions, talks } from './talks.ts';
export { VirtualTime } from './virtual-time.ts';
