/** Dispatches to one agent. */
export const agentChannel = (agent: string): string => `reprise.agent.${agent}`;
/** What workers report of attempts, and ask on behalf of them; nothing else is taken from it. */
export const RESULT_CHANNEL = 'reprise.results';
/** Commands of people and programs, where others than the process that drives a run are given them. Results are not taken from it. */
export const COMMAND_CHANNEL = 'reprise.commands';
/** Heartbeats and progress of workers: not history, may be lost. */
export const HEARTBEAT_CHANNEL = 'reprise.heartbeats';
/** Broadcast: attempts that workers are to abort. */
export const ABORT_CHANNEL = 'reprise.aborts';
/** Broadcast: what workers take, and engines that ask for it. */
export const WORKER_CHANNEL = 'reprise.workers';

/** Answers to the calls of one worker's attempts, and the messages that they wait for. */
export const workerChannel = (worker: string): string => `reprise.worker.${worker}`;

/** The group in which orchestrators share commands. */
export const COMMAND_GROUP = 'orchestrator';
