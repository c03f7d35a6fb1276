import type { DriverSign } from '../../event-store/ownership.ts';
import type { Storage } from '../../event-store/storage.ts';
import { sleep } from '../../shared/system.ts';

/** A driver that has shown no sign of life for so long is stopped, or stuck in a loop, in ms. */
const DRIVER_SILENT_MS = 10_000;

/** After a machine slept, its processes need a moment to show themselves, in ms. */
const SECOND_LOOK_MS = 1500;

/** Who drives the runs of a storage, seen from outside. */
export interface Drivers {
  /** Whether anybody does; undefined for a storage that does not say, and where those may that share its runs otherwise. */
  readonly driven: boolean | undefined;
  /** Those that exist and show no sign of life: nobody can take their runs from them. */
  readonly silent: readonly DriverSign[];
  /** Whether somebody does, and each of them is stopping. */
  readonly draining: boolean;
}

export const isSilent = ({ silentMs = 0 }: DriverSign): boolean => silentMs >= DRIVER_SILENT_MS;

/** Looks who drives. Opens nothing for writing. Whoever seems silent is looked at twice. */
export async function lookForDrivers({
  ownership,
  partitioned,
}: Pick<Storage, 'ownership' | 'partitioned'>): Promise<Drivers> {
  if (ownership?.drivers === undefined) return { driven: undefined, silent: [], draining: false };
  let drivers = await ownership.drivers();
  if (drivers.some(isSilent)) {
    await sleep(SECOND_LOOK_MS);
    drivers = await ownership.drivers();
  }
  const draining = drivers.length > 0 && drivers.every((driver) => driver.draining === true);
  const driven = drivers.length === 0 && partitioned === true ? undefined : drivers.length > 0;
  return { driven, silent: drivers.filter(isSilent), draining };
}

/** Of a driver that is silent: which process it is, and since when. One sentence. */
export function silentSummary({ pid, host, since, silentMs = 0 }: DriverSign): string {
  const who = pid === undefined ? 'The process' : `Process ${pid}${host === undefined ? '' : ` on ${host}`}`;
  const when = since === undefined ? '' : ` since ${new Date(since).toISOString()}`;
  const silence = `shows no sign of life for ${Math.floor(silentMs / 1000)} s: it is stopped or stuck, and so are its runs`;
  return `${who}, which drives the runs of this store${when}, ${silence}.`;
}

/** The same, with what to do. A process that is stopped takes no signal but these two. */
export function silentText(driver: DriverSign): string {
  const { pid } = driver;
  const wake = pid === undefined ? '' : ` If it was stopped, it goes on with: kill -CONT ${pid}.`;
  const end = pid === undefined ? 'end it' : `kill -9 ${pid}`;
  return `${silentSummary(driver)}${wake} To have another process go on with them: ${end}.`;
}
