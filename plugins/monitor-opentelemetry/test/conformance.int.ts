import { monitorConformance } from '@reprise/conformance';
import { OpenTelemetryMonitor, resolveOptions } from '../src/index.ts';
import { type Receiver, startReceiver } from './receiver.ts';

// In the engine's thread (with `redact`), and in a thread of its own; with a receiver, and with none.

for (const [name, redact] of [
  ['in a thread of its own', undefined],
  ["in the engine's thread", (attributes: Readonly<Record<string, unknown>>) => attributes as never],
] as const) {
  const receivers = new WeakMap<OpenTelemetryMonitor, Receiver>();
  monitorConformance(`opentelemetry, ${name}`, {
    create: async () => {
      const receiver = await startReceiver();
      const { endpoint } = receiver;
      const options = { endpoint, logs: true, metrics: true, texts: true, ...(redact === undefined ? {} : { redact }) };
      const monitor = new OpenTelemetryMonitor(resolveOptions(options));
      receivers.set(monitor, receiver);
      return monitor;
    },
    destroy: async (monitor) => {
      await monitor.shutdown();
      await receivers.get(monitor)?.stop();
    },
    // Each of the events ends a task that had not begun: a span.
    written: (monitor) => receivers.get(monitor)?.spans.length ?? 0,
  });
}
