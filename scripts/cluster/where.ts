import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '..', '..');

export const inRoot = (...parts: readonly string[]): string => join(ROOT, ...parts);

/** Exit code of what cannot be tried here, as test harnesses have it. */
export const SKIPPED = 77;

/** Where a cluster has its logs and lists. */
export const clusterFolder = (): string => resolve(process.env['REPRISE_CLUSTER'] ?? inRoot('.reprise', 'cluster'));

/** The file that says how to reach the process that has the cluster. */
export const controlFile = (): string => `${clusterFolder()}.json`;
