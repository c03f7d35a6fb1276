/** Dispatches to one agent. */
export const agentChannel = (agent: string): string => `reprise.agent.${agent}`;
/** Results and other commands from workers. */
export const COMMAND_CHANNEL = 'reprise.commands';
/** Heartbeats and progress of workers: not history, may be lost. */
export const HEARTBEAT_CHANNEL = 'reprise.heartbeats';
/** Attempts that workers are to abort; every worker gets each. */
export const ABORT_CHANNEL = 'reprise.aborts';

export const COMMAND_GROUP = 'orchestrator';
