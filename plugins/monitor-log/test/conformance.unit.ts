import { monitorConformance } from '@reprise/conformance';
import { LogMonitor, resolveLogMonitorOptions } from '../src/index.ts';
import { streamDestination } from '../src/log-destination.ts';
import { CapturingStream } from './support.ts';

const streams = new WeakMap<LogMonitor, CapturingStream>();

monitorConformance('log', {
  create: () => {
    const stream = new CapturingStream();
    const options = resolveLogMonitorOptions({ level: 'trace', payloads: true });
    const monitor = new LogMonitor(options, streamDestination(stream, true));
    streams.set(monitor, stream);
    return monitor;
  },
  written: (monitor) => streams.get(monitor)?.lines.length ?? 0,
});
