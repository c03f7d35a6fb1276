import { ID_PATTERN } from './ids.ts';

// A task asks for an agent by its name, in whatever version, or in some: `writer@2`.

/** The name of an agent, and where `@` follows, the version that is asked for. */
export const AGENT_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}(@[A-Za-z0-9][A-Za-z0-9._+-]{0,63})?$/;

export interface AskedAgent {
  readonly name: string;
  /** Absent: any. */
  readonly version?: string;
}

/** What a name asks for. */
export function askedAgent(asked: string): AskedAgent {
  const at = asked.indexOf('@');
  return at < 0 ? { name: asked } : { name: asked.slice(0, at), version: asked.slice(at + 1) };
}

/** Whether what stands where an agent is asked for can be one. */
export const isAskedAgent = (value: unknown): value is string =>
  typeof value === 'string' && (ID_PATTERN.test(value) || AGENT_PATTERN.test(value));

/**
 * Whether an agent is what was asked for. A version is meant with all that refine it: `2` is 2.0.1 and 2.7.0, not 20.0.0; `2.7` is 2.7.0. One before a release
 * (2.7.0-beta) is meant by its whole name only; what follows a `+` counts where it is asked for.
 */
export function fitsAsked({ name, version }: AskedAgent, asked: string): boolean {
  const wanted = askedAgent(asked);
  if (wanted.name !== name || wanted.version === undefined) return wanted.name === name;
  if (version === undefined) return false;
  if (version === wanted.version) return true;
  const [release = ''] = version.split('+', 1);
  if (release === wanted.version) return true;
  return !release.includes('-') && release.startsWith(`${wanted.version}.`);
}
