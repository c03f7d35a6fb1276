import type { Switch } from './definition.ts';

/** The names of the cases of a switch, that of `else` included. */
export const casesOf = ({ cases, otherwise }: Switch): ReadonlySet<string> =>
  new Set([...cases.map(({ then }) => then), ...(otherwise === undefined ? [] : [otherwise])]);
