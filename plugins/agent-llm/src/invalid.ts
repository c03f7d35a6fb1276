import { RepriseError } from '@reprise/core/plugin';

/** An option that is wrong, or missing. */
export const invalid = (message: string): RepriseError =>
  new RepriseError('REPRISE_CONFIG_INVALID', `Options of the plugin agent-llm: ${message}`);
