import { createRequire } from 'node:module';
import { RepriseError } from '@reprise/core/plugin';

export type Platformatic = typeof import('@platformatic/kafka');

/** Its own `engines`: 22.22 or newer of 22, 24.6 or newer. */
function runsOn(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major === 22) return minor >= 22;
  return major === 24 ? minor >= 6 : major > 24;
}

/**
 * The client, which is loaded where it is chosen: half a second. Throws REPRISE_CONFIG_INVALID where this Node is too old for it, or it is not installed.
 */
export function loadPlatformatic(
  version: string = process.versions.node,
  require = createRequire(import.meta.url),
): Platformatic {
  if (!runsOn(version))
    throw unusable(
      `it needs Node 22.22 or newer, or 24.6 or newer, and this is ${version}. Use a newer Node, or the driver kafkajs.`,
    );
  try {
    return require('@platformatic/kafka') as Platformatic;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    throw unusable(
      'the package @platformatic/kafka is not installed. Run npm install @platformatic/kafka@2.12.1, or use the driver kafkajs.',
      error,
    );
  }
}

const unusable = (why: string, cause?: unknown): RepriseError =>
  new RepriseError(
    'REPRISE_CONFIG_INVALID',
    `The driver platformatic of @reprise/transport-kafka cannot be used: ${why}`,
    cause === undefined ? {} : { cause },
  );
