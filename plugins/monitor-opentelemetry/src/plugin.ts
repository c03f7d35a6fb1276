import { context, createContextKey } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { definePlugin, type Plugin } from '@reprise/core/plugin';
import { OpenTelemetryMonitor } from './opentelemetry-monitor.ts';
import { type OpenTelemetryOptions, type ResolvedOptions, resolveOptions } from './options.ts';

/** `options`: for those who make the same telemetry again from history. */
export type OpenTelemetryPlugin = Plugin<'monitor'> & { readonly options: ResolvedOptions };

/** Traces, metrics and logs of every run, by OpenTelemetry. Throws REPRISE_CONFIG_INVALID at once when an option is wrong. */
export function openTelemetryMonitor(options: OpenTelemetryOptions = {}): OpenTelemetryPlugin {
  const resolved = resolveOptions(options);
  const plugin = definePlugin({
    name: 'opentelemetry',
    kind: 'monitor',
    create: () => {
      // Agents' own spans find their attempt by it. Whoever has set up OpenTelemetry has one already, which is left as it is.
      context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
      return new OpenTelemetryMonitor(resolved, resolved.traces && !contextWorks() ? NO_CONTEXT : undefined);
    },
  });
  return { ...plugin, options: resolved };
}

const PROBE = createContextKey('reprise probe');

const contextWorks = (): boolean =>
  context.with(context.active().setValue(PROBE, true), () => context.active().getValue(PROBE) === true);

const NO_CONTEXT =
  "agents' own spans will not be in their attempts: something else has set up another version of @opentelemetry/api before; use 1.10 everywhere";
