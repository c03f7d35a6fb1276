import { type Drivers, silentText } from '@reprise/core';
import type { Screen } from '../output/terminal.ts';
import { isoTime, plain } from '../output/text.ts';

/** What is to be said of drivers that show no sign of life, a line for each. */
export const silentLines = (screen: Screen, { silent }: Drivers): readonly string[] =>
  silent.map((driver) => screen.style('red', plain(silentText(driver))));

/** The same as a member of JSON, which is there only when there is one. */
export function silentShape({ silent }: Drivers): object {
  const [driver] = silent;
  if (driver === undefined) return {};
  const { pid = null, host = null, since, silentMs = 0 } = driver;
  return { silentDriver: { pid, host, since: since === undefined ? null : isoTime(since), silentMs } };
}
