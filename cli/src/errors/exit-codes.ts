import type { ErrorCode } from '@reprise/core';

/** What the process says when it ends. Documented in docs/reference/cli.md; never renumbered. */
export const EXIT = {
  ok: 0,
  /** A run failed or was cancelled, a replay does not match, a check of `doctor` failed, or something unexpected. */
  failed: 1,
  usage: 2,
  notFound: 3,
  /** The configuration, a definition, a plugin or an input is not valid. */
  invalid: 4,
  store: 5,
  interrupted: 130,
  terminated: 143,
} as const;

const EXIT_BY_CODE: Readonly<Partial<Record<ErrorCode, number>>> = {
  REPRISE_USAGE: EXIT.usage,
  REPRISE_INVALID_ID: EXIT.usage,
  REPRISE_NAME_INVALID: EXIT.usage,
  REPRISE_TEMPLATE_UNKNOWN: EXIT.usage,
  REPRISE_RUN_AMBIGUOUS: EXIT.usage,
  REPRISE_QUERY_INVALID: EXIT.usage,
  REPRISE_LABELS_INVALID: EXIT.usage,
  REPRISE_VIEW_UNKNOWN: EXIT.notFound,
  REPRISE_RUN_NOT_FOUND: EXIT.notFound,
  REPRISE_WORKFLOW_UNKNOWN: EXIT.notFound,
  REPRISE_CONFIG_NOT_FOUND: EXIT.invalid,
  REPRISE_CONFIG_INVALID: EXIT.invalid,
  REPRISE_DASHBOARD_UNSAFE: EXIT.invalid,
  REPRISE_TOKEN_FILE_INVALID: EXIT.invalid,
  REPRISE_PACKAGE_NOT_FOUND: EXIT.invalid,
  REPRISE_PLUGIN_INVALID: EXIT.invalid,
  REPRISE_PLUGIN_OPTIONS_INVALID: EXIT.invalid,
  REPRISE_PLUGIN_UNKNOWN: EXIT.notFound,
  REPRISE_AGENT_UNKNOWN: EXIT.invalid,
  REPRISE_DEFINITION_INVALID: EXIT.invalid,
  REPRISE_DEFINITION_CHANGED: EXIT.invalid,
  REPRISE_IMPORT_INVALID: EXIT.invalid,
  REPRISE_INPUT_INVALID: EXIT.invalid,
  REPRISE_INVALID_PAYLOAD: EXIT.invalid,
  REPRISE_PAYLOAD_TOO_LARGE: EXIT.invalid,
  REPRISE_EVENT_UNREADABLE: EXIT.store,
};

/** The exit code for an error with this code. */
export function exitCodeOf(code: string): number {
  if (code.startsWith('REPRISE_STORE_') || code.startsWith('REPRISE_VIEW_STORE_')) return EXIT.store;
  return EXIT_BY_CODE[code as ErrorCode] ?? EXIT.failed;
}
