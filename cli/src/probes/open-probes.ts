import { type HealthCheck, systemClock } from '@reprise/core';
import { Liveness } from './liveness.ts';
import { serveProbes } from './probe-server.ts';
import { Readiness } from './readiness.ts';

export interface HealthFlags {
  readonly 'health-port'?: number | undefined;
  readonly 'health-host'?: string | undefined;
}

const LOOPBACK = '127.0.0.1';

/** What a command that goes on tells its probes. */
export interface OpenProbes {
  /** Where they are served; undefined: nowhere. */
  readonly url: string | undefined;
  started(): Promise<void>;
  drain(): void;
  close(): Promise<void>;
}

export interface Watched {
  health(): Promise<readonly HealthCheck[]> | readonly HealthCheck[];
  /** What has ended its work for good. */
  fault?(): string | undefined;
}

const NONE: OpenProbes = {
  url: undefined,
  started: async () => undefined,
  drain: () => undefined,
  close: async () => undefined,
};

/** Serves `/livez` and `/readyz` where the flags ask for it, before anything has started. Rejects with REPRISE_CONFIG_INVALID. */
export async function openProbes(flags: HealthFlags, watched: Watched): Promise<OpenProbes> {
  const { 'health-port': port, 'health-host': host = LOOPBACK } = flags;
  if (port === undefined) return NONE;
  const readiness = new Readiness({ look: () => watched.health(), clock: systemClock });
  const liveness = new Liveness(systemClock, () => watched.fault?.());
  const letGo = (): void => {
    readiness.close();
    liveness.close();
  };
  try {
    const server = await serveProbes(
      { '/livez': () => liveness.answer(), '/readyz': () => readiness.answer() },
      host,
      port,
    );
    return {
      url: server.url,
      started: () => readiness.started(),
      drain: () => readiness.drain(),
      close: async () => {
        letGo();
        await server.close();
      },
    };
  } catch (error) {
    letGo();
    throw error;
  }
}
