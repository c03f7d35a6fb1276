import { definePlugin, type Plugin } from '../container/plugin.ts';
import type { Monitor, ObservedEvent, Signal } from '../orchestration/monitoring/monitor.ts';

/** A monitor that keeps everything it is told, in order. */
export interface RecordingMonitor extends Monitor {
  readonly events: readonly ObservedEvent[];
  readonly signals: readonly Signal[];
  /** To be named in `plugins`. */
  readonly plugin: Plugin<'monitor'>;
}

/**
 * ```ts
 * const monitor = recordingMonitor();
 * const reprise = await createReprise({ plugins: [monitor.plugin], workflows: [dossier] });
 * // … run something, then
 * monitor.events.map(({ event }) => event.type); // ['RunStarted', 'TaskScheduled', …]
 * ```
 */
export function recordingMonitor(name = 'recording'): RecordingMonitor {
  const events: ObservedEvent[] = [];
  const signals: Signal[] = [];
  const monitor: Monitor = {
    name,
    onEvent: (event) => {
      events.push(event);
    },
    onSignal: (signal) => {
      signals.push(signal);
    },
    forceFlush: async () => undefined,
    shutdown: async () => undefined,
  };
  return { ...monitor, events, signals, plugin: definePlugin({ name, kind: 'monitor', create: () => monitor }) };
}
