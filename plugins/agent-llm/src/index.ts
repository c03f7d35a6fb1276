export { LLM_CODES, type LlmCode, LlmError } from './errors.ts';
export {
  type AgentOptions,
  type LlmAgentOptions,
  type ModelOptions,
  type Prices,
  type ResolvedLlmAgentOptions,
  resolveLlmAgentOptions,
  STRUCTURED_OUTPUTS,
  type StructuredOutput,
  type TaskWords,
  TOOL_WORDS,
  type ToolOptions,
  TURN_WORDS,
} from './options.ts';
export { createLlmAgents, llmAgent } from './plugin.ts';
export type { GivenSchema } from './schema.ts';
export type { ChatMessage, Turn, TurnCall } from './turn.ts';
export type { Usage } from './usage.ts';
