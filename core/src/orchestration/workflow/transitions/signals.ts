import type { Json } from '../../../shared/json.ts';
import { roughSize } from '../../../shared/json-size.ts';
import type { SignalReceived } from '../events.ts';
import { definitionOf, type PendingSignal, type RunState, type TaskState } from '../state.ts';

/** Keeps what came until a wait takes it; the one that waits longest is asked by settle. */
export function receive(state: RunState, event: SignalReceived): RunState {
  const { signal, data, commandId } = event;
  const kept = state.signals.get(signal);
  const one = { id: commandId, data, revision: state.revision };
  if (kept === undefined) state.signals.set(signal, [one]);
  else kept.push(one);
  state.held += roughSize(data);
  wakeNext(state, signal);
  return state;
}

export function awaitSignal(state: RunState, task: TaskState, signal: string): void {
  const waits = waitsLike(state, task);
  const others = waits.get(signal);
  if (others === undefined) waits.set(signal, new Set([task.id]));
  else others.add(task.id);
  task.waitsSince = state.revision;
  wakeNext(state, signal);
}

/** The task waits no longer. Whoever is next may take what it was to take. */
export function stopWaiting(state: RunState, task: TaskState): void {
  const { signal } = task;
  if (signal === undefined) return;
  const waits = waitsLike(state, task);
  const others = waits.get(signal);
  others?.delete(task.id);
  if (others?.size === 0) waits.delete(signal);
  wakeNext(state, signal);
}

/** Takes a signal that was kept. Returns what came with it. */
export function take(state: RunState, signal: string | undefined, id: string | undefined): Json {
  const kept = state.signals.get(signal ?? '') ?? [];
  const index = kept.findIndex((one) => one.id === id);
  const [taken] = index === -1 ? [] : kept.splice(index, 1);
  if (kept.length === 0) state.signals.delete(signal ?? '');
  state.held -= roughSize(taken?.data ?? null);
  // Waits that are not buffered were woken for it, too: as many as there were signals, the oldest first.
  for (const wait of firstOf(state.unbuffered.get(signal ?? ''), kept.length + 2)) {
    const task = state.tasks.get(wait);
    if (task !== undefined && signalFor(state, task) === undefined) state.frontier.delete(wait);
  }
  return taken?.data ?? null;
}

const isUnbuffered = (state: RunState, task: TaskState): boolean => definitionOf(state, task)?.wait?.buffered === false;

const waitsLike = (state: RunState, task: TaskState): RunState['waits'] =>
  isUnbuffered(state, task) ? state.unbuffered : state.waits;

/** Whether the wait may take the signal: one that is not buffered takes none that came before it began. */
export const mayTake = (state: RunState, task: TaskState, signal: PendingSignal): boolean =>
  !isUnbuffered(state, task) || signal.revision > (task.waitsSince ?? 0);

/** What the wait takes: the oldest that it may. */
export const signalFor = (state: RunState, task: TaskState): PendingSignal | undefined => {
  const kept = state.signals.get(task.signal ?? '') ?? [];
  return isUnbuffered(state, task) ? kept.find((one) => mayTake(state, task, one)) : kept[0];
};

/**
 * As many waits as there are signals for, the oldest first, are settle's to complete. Of those that are not buffered it may find that another one has
 * taken theirs: that one's end wakes the next.
 */
function wakeNext(state: RunState, signal: string): void {
  const kept = state.signals.get(signal) ?? [];
  const newest = kept.at(-1);
  if (newest === undefined) return;
  const buffered = firstOf(state.waits.get(signal), kept.length);
  // They began one after another: those behind one that came too late did, too.
  const others = firstOf(state.unbuffered.get(signal), kept.length, (id) => since(state, id) < newest.revision);
  const all =
    others.length === 0 ? buffered : [...buffered, ...others].sort((a, b) => since(state, a) - since(state, b));
  for (const id of all.slice(0, kept.length)) state.frontier.add(id);
}

const since = (state: RunState, id: string): number => state.tasks.get(id)?.waitsSince ?? 0;

function firstOf(ids: Iterable<string> | undefined, limit: number, fits?: (id: string) => boolean): readonly string[] {
  const found: string[] = [];
  for (const id of ids ?? []) {
    if (found.length >= limit || fits?.(id) === false) break;
    found.push(id);
  }
  return found;
}
