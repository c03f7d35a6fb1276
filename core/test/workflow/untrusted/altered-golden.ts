import { UntrustedHistory } from '@reprise/core';
import { readGolden } from '../../../../test/simulation/golden/golden-file.ts';

// Golden histories that somebody has altered.

export interface Loose {
  revision: number;
  id: string;
  type: string;
  time: number;
  data: Record<string, unknown>;
  metadata: Record<string, unknown>;
}

const FRESH = '00000000-0000-4000-8000-000000000000';

/** The flaw of a golden history after a change, with the type of the event at which it was found. */
export function flawOf(name: string, change: (events: Loose[]) => void): string {
  const { header, events: golden } = readGolden(name);
  const events = structuredClone(golden) as unknown as Loose[];
  change(events);
  const history = new UntrustedHistory(header.runId);
  for (const [revision, event] of events.entries()) {
    const flaw = history.add({ ...event, revision });
    if (flaw !== undefined) return `${event.type} ${flaw.field}: ${flaw.problem}`;
  }
  return 'taken';
}

type Data = Record<string, unknown>;

const fits = ({ type, data }: Loose, wanted: Data): boolean =>
  Object.entries(wanted).every(([key, value]) => (key === 'type' ? type : data[key]) === value);

function find(events: readonly Loose[], wanted: Data): number {
  const index = events.findIndex((event) => fits(event, wanted));
  if (index === -1) throw new Error(`There is no ${JSON.stringify(wanted)}.`);
  return index;
}

/** Fields of the first event that has those of `wanted` are replaced; one that is to be undefined is left out. */
export const replaced =
  (wanted: Data, fields: Data) =>
  (events: Loose[]): void => {
    const event = events[find(events, wanted)] as Loose;
    for (const [key, value] of Object.entries(fields)) {
      if (value === undefined) delete event.data[key];
      else event.data[key] = value;
    }
  };

/** An event that is not there comes after the one that has the fields of `wanted`. */
export const inserted =
  (wanted: Data, type: string, data: Data) =>
  (events: Loose[]): void => {
    const at = find(events, wanted);
    events.splice(at + 1, 0, { ...(events[at] as Loose), id: FRESH, type, data });
  };

export const left =
  (wanted: Data) =>
  (events: Loose[]): void => {
    events.splice(find(events, wanted), 1);
  };

/** The first event that has the fields of `wanted` comes before the first that has those of `other`. */
export const moved =
  (wanted: Data, other: Data) =>
  (events: Loose[]): void => {
    const [event] = events.splice(find(events, wanted), 1);
    events.splice(find(events, other), 0, event as Loose);
  };
