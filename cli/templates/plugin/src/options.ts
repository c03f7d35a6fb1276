import { RepriseError } from '@reprise/core/plugin';

/** What options.schema.json says, as a type. */
export interface RunLogOptions {
  /** The file that lines are added to, relative to the current folder. Default `runs.log`. */
  readonly file?: string;
  /** Types of the events that get a line. Default: those that end a run. */
  readonly events?: readonly string[];
}

export const DEFAULT_OPTIONS: Required<RunLogOptions> = {
  file: 'runs.log',
  events: ['RunCompleted', 'RunFailed', 'RunCancelled'],
};

const invalid = (message: string): RepriseError =>
  new RepriseError('REPRISE_CONFIG_INVALID', `Options of the plugin run-log: ${message}`);

/** Fills in defaults. Throws REPRISE_CONFIG_INVALID, which names the option that is wrong: options may come from YAML, too. */
export function resolveOptions(options: RunLogOptions): Required<RunLogOptions> {
  const known = Object.keys(DEFAULT_OPTIONS);
  const unknown = Object.keys(options).filter((key) => !known.includes(key));
  if (unknown.length > 0) throw invalid(`there is no option ${unknown.join(', ')}; there are ${known.join(', ')}.`);
  const { file = DEFAULT_OPTIONS.file, events = DEFAULT_OPTIONS.events } = options;
  if (typeof file !== 'string' || file === '') throw invalid('file is not the name of a file.');
  if (!Array.isArray(events) || !events.every((type) => typeof type === 'string')) {
    throw invalid('events is not a list of names.');
  }
  return { file, events };
}
