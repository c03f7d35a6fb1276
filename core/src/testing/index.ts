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
export { type AgentCall, type SimulateOptions, type Simulation, simulate } from './simulate.ts';
export { type ScriptedAnswer, type TalksOptions, talks } from './talks.ts';
export { VirtualTime } from './virtual-time.ts';
