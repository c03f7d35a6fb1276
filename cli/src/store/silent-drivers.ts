import { DRAINING, type Drivers, silentText } from '@reprise/core';
import type { Screen } from '../output/terminal.ts';
import { isoTime, plain } from '../output/text.ts';

/** What is to be said of drivers that show no sign of life, a line for each; and that they are all stopping, when they are. */
export const driverLines = (screen: Screen, { silent, draining }: Drivers): readonly string[] => [
  ...silent.map((driver) => screen.style('red', plain(silentText(driver)))),
  ...(draining && silent.length === 0 ? [DRAINING] : []),
];

/** The same as members of JSON, each of which is there only when there is something to say. */
export function driversShape({ silent, draining }: Drivers): object {
  const [driver] = silent;
  const stopping = draining ? { draining } : {};
  if (driver === undefined) return stopping;
  const { pid = null, host = null, since, silentMs = 0 } = driver;
  const silentDriver = { pid, host, since: since === undefined ? null : isoTime(since), silentMs };
  return { silentDriver, ...stopping };
}
