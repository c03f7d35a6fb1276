import { type HistoryEntry, sleep, systemClock } from '@reprise/core';
import { LiveRegion } from '../output/live-region.ts';
import { PlainView } from '../output/plain-view.ts';
import type { RunProgress } from '../output/run-progress.ts';
import type { Screen, Terminal } from '../output/terminal.ts';
import { describeStep, openSteps, type Steps } from './steps.ts';

/** Holds a replay back so that a person can follow it. */
export interface Pace {
  /** Resolves when it is time to fold the event. */
  before(entry: HistoryEntry): Promise<void>;
  after(entry: HistoryEntry, progress: RunProgress): Promise<void>;
  /** Waits no more. */
  hurry(): void;
  end(): Promise<void>;
}

export interface PaceFlags {
  readonly speed?: number | undefined;
  readonly step?: boolean;
}

const REDRAW_MS = 100;

/** By steps, by time, or (undefined) as fast as it goes. `draw` gives the picture as it is now. */
export async function createPace(
  { step, speed }: PaceFlags,
  { out, err }: Terminal,
  draw: () => readonly string[],
): Promise<Pace | undefined> {
  if (step === true) return stepPace(out, await openSteps(err), draw);
  if (speed === undefined) return undefined;
  return out.isTTY ? drawnPace(out, speed, draw) : linePace(out, speed);
}

/** Waits for the moment of each event. `tick` is called now and then while it waits. */
class Metronome {
  readonly #speed: number;
  readonly #tick: () => Promise<void>;
  #start: { readonly wall: number; readonly run: number } | undefined;
  #hurried = false;

  constructor(speed: number, tick: () => Promise<void>) {
    this.#speed = speed;
    this.#tick = tick;
  }

  async wait(at: number): Promise<void> {
    this.#start ??= { wall: systemClock.now(), run: at };
    const due = this.#start.wall + (at - this.#start.run) / this.#speed;
    for (;;) {
      const left = due - systemClock.now();
      if (left <= 0 || this.#hurried) return;
      await this.#tick();
      await sleep(Math.min(left, REDRAW_MS));
    }
  }

  hurry(): void {
    this.#hurried = true;
  }
}

function linePace(out: Screen, speed: number): Pace {
  const metronome = new Metronome(speed, async () => undefined);
  const lines = new PlainView(out);
  return {
    before: ({ event }) => metronome.wait(event.at),
    after: (entry, progress) => lines.onEvent(entry, progress),
    hurry: () => metronome.hurry(),
    end: () => out.line(),
  };
}

function drawnPace(out: Screen, speed: number, draw: () => readonly string[]): Pace {
  const region = new LiveRegion(out);
  let drawnAt = 0;
  const metronome = new Metronome(speed, async () => {
    if (systemClock.now() - drawnAt < REDRAW_MS) return;
    drawnAt = systemClock.now();
    await region.draw(draw());
  });
  return {
    before: ({ event }) => metronome.wait(event.at),
    after: async () => undefined,
    hurry: () => metronome.hurry(),
    // The picture that stays is printed after it.
    end: () => region.clear(),
  };
}

function stepPace(out: Screen, steps: Steps, draw: () => readonly string[]): Pace {
  return {
    before: async () => undefined,
    after: async (entry) => {
      await out.line(describeStep(out, entry));
      if (out.isTTY) for (const line of draw()) await out.line(line);
      await steps.next();
    },
    hurry: () => steps.close(),
    end: async () => steps.close(),
  };
}
