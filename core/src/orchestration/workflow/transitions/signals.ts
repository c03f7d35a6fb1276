import type { Json } from '../../../shared/json.ts';
import { roughSize } from '../../../shared/json-size.ts';
import type { SignalReceived } from '../events.ts';
import type { RunState, TaskState } from '../state.ts';

/** Keeps what came until a wait takes it; the one that waits longest is asked by settle. */
export function receive(state: RunState, event: SignalReceived): RunState {
  const { signal, data, commandId } = event;
  const kept = state.signals.get(signal);
  if (kept === undefined) state.signals.set(signal, [{ id: commandId, data }]);
  else kept.push({ id: commandId, data });
  state.held += roughSize(data);
  wakeNext(state, signal);
  return state;
}

export function awaitSignal(state: RunState, task: TaskState, signal: string): void {
  const waits = state.waits.get(signal);
  if (waits === undefined) state.waits.set(signal, new Set([task.id]));
  else waits.add(task.id);
  wakeNext(state, signal);
}

/** Takes a signal that was kept. Returns what came with it. */
export function take(state: RunState, signal: string | undefined, id: string | undefined): Json {
  const kept = state.signals.get(signal ?? '') ?? [];
  const index = kept.findIndex((one) => one.id === id);
  const [taken] = index === -1 ? [] : kept.splice(index, 1);
  if (kept.length === 0) state.signals.delete(signal ?? '');
  state.held -= roughSize(taken?.data ?? null);
  return taken?.data ?? null;
}

/** As many waits as there are signals for, the oldest first, are settle's to complete. */
export function wakeNext(state: RunState, signal: string): void {
  let left = state.signals.get(signal)?.length ?? 0;
  for (const id of state.waits.get(signal) ?? []) {
    if (left <= 0) return;
    left -= 1;
    state.frontier.add(id);
  }
}
