import { definePlugin, type Plugin } from '../container/plugin.ts';
import type { Monitor, Notice, ObservedEvent } from '../orchestration/monitoring/monitor.ts';

/** A monitor that keeps everything it is told, in order. */
export interface RecordingMonitor extends Monitor {
  readonly events: readonly ObservedEvent[];
  readonly notices: readonly Notice[];
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
  const notices: Notice[] = [];
  const monitor: Monitor = {
    name,
    onEvent: (event) => {
      events.push(event);
    },
    onNotice: (notice) => {
      notices.push(notice);
    },
    forceFlush: async () => undefined,
    shutdown: async () => undefined,
  };
  return { ...monitor, events, notices, plugin: definePlugin({ name, kind: 'monitor', create: () => monitor }) };
}
