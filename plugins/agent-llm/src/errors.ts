/** Every code that these agents fail with, beside those of the engine. README.md tells what each means. */
export const LLM_CODES = {
  LLM_UNAUTHORIZED: {
    retryable: false,
    fix: 'Check the API key (apiKeyEnv, apiKeyFile), and whether it may use the model.',
  },
  LLM_RATE_LIMITED: {
    retryable: true,
    fix: 'Give the task more attempts (retry), or the agent a smaller concurrency.',
  },
  LLM_QUOTA_EXHAUSTED: { retryable: false, fix: 'Raise the limit of the account, or use another server.' },
  LLM_CONTEXT_TOO_LONG: { retryable: false, fix: 'Hand over less, or use a model with a larger context.' },
  LLM_REQUEST_REFUSED: {
    retryable: false,
    fix: 'Check model, parameters and structuredOutput against what the server knows.',
  },
  LLM_SERVER_FAILED: { retryable: true, fix: 'It is tried again, as the retry of the task says.' },
  LLM_UNREACHABLE: { retryable: true, fix: 'Check baseURL, and whether the server runs.' },
  LLM_SILENT: { retryable: true, fix: 'Raise idleTimeout, if the model needs longer to think.' },
  LLM_RESPONSE_BROKEN: {
    retryable: true,
    fix: 'It is tried again. If it stays so, the server does not speak the protocol.',
  },
  LLM_OUTPUT_INVALID: {
    retryable: true,
    fix: 'Make the schema simpler or say more in system; raise repairs; use another model.',
  },
  LLM_OUTPUT_TRUNCATED: { retryable: false, fix: 'Raise maxOutputTokens, or ask for less.' },
  LLM_OUTPUT_FILTERED: { retryable: false, fix: 'Change what is asked: the server does not let the answer through.' },
  LLM_TOOL_CALL_INVALID: {
    retryable: true,
    fix: 'Say more in the description and the parameters of the tool; raise repairs.',
  },
  LLM_TOOLS_NOT_ALLOWED: {
    retryable: false,
    fix: 'Put the task into a scope of its own and write may: [spawn, finish]; what comes after reads the output of the scope.',
  },
  LLM_TURNS_EXHAUSTED: { retryable: false, fix: 'Raise maxTurns, or say in system when to stop.' },
  LLM_INPUT_INVALID: { retryable: false, fix: 'Hand over text, JSON, or { messages: [{ role, content }] }.' },
} as const;

/** A code of an error of this plugin. */
export type LlmCode = keyof typeof LLM_CODES;

export interface LlmErrorFacts {
  /** HTTP status. */
  readonly status?: number;
  /** No other attempt before that. */
  readonly retryAfterMs?: number;
  /** Plain JSON. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** Has no cause: what an SDK or a server throws may hold headers and bodies. */
export class LlmError extends Error {
  override readonly name = 'LlmError';
  readonly code: LlmCode;
  readonly retryable: boolean;
  readonly status?: number;
  readonly retryAfterMs?: number;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: LlmCode, message: string, { status, retryAfterMs, details = {} }: LlmErrorFacts = {}) {
    super(`${message} ${LLM_CODES[code].fix}`);
    this.code = code;
    this.retryable = LLM_CODES[code].retryable;
    if (status !== undefined) this.status = status;
    if (retryAfterMs !== undefined) this.retryAfterMs = retryAfterMs;
    this.details = details;
  }

  /** The same, with further details. */
  with(more: Readonly<Record<string, unknown>>): LlmError {
    const made = Object.create(LlmError.prototype, Object.getOwnPropertyDescriptors(this)) as LlmError;
    return Object.defineProperty(made, 'details', { value: { ...this.details, ...more }, enumerable: true });
  }
}
