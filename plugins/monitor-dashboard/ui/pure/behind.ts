import { duration } from './text.ts';

export interface ViewStanding {
  readonly name: string;
  readonly caughtUp: boolean;
  readonly behindMs?: number;
  readonly failure?: string | undefined;
}

/** What is as new as that is not told to be behind; ms. */
const NEW_MS = 5000;

/** That a view has not had all events, and how far it is; undefined: it has, or about. */
export function behindText({ name, caughtUp, behindMs, failure }: ViewStanding): string | undefined {
  if (failure !== undefined) return `The view ${name} goes no further: ${failure}`;
  if (caughtUp || (behindMs !== undefined && behindMs <= NEW_MS)) return undefined;
  if (behindMs === undefined) return `The view ${name} is being built: it has had no event yet. Nothing of it is here.`;
  return `The view ${name} is being built: it has had what happened until ${duration(behindMs)} ago. What came later is not counted here.`;
}
