/** How the streams of a namespace are called in EventStoreDB, and which of them are history. */
export interface StreamNames {
  /** In EventStoreDB, of a stream as the engine calls it. */
  of(stream: string): string;
  /** As the engine calls it; undefined for a stream that is not history of this namespace. */
  from(name: string): string | undefined;
  /** Of the last snapshot of a stream. */
  snapshotOf(stream: string): string;
  /** Of a definition that many runs share. */
  definitionOf(hash: string): string;
  /** Of the lease by which one process drives the runs. */
  readonly lease: string;
  /** A regular expression (of .NET, and of JavaScript) that the names of all histories fit, and of nothing else that is kept here. */
  readonly filter: string;
}

/** What is kept beside history, by what its streams begin with. */
const BESIDE = ['snapshot-', 'definition-', 'lease-'];

/** A regular expression that the names of the metadata of all histories fit. */
export const metadataFilter = ({ filter }: StreamNames): string => filter.replace('^', '^\\$\\$');

/** Of other namespaces, for whoever has none. */
const NAMESPACED = '[A-Za-z0-9_]+[.]';

/** `prefix`: the namespace and a dot, or nothing. */
export function streamNames(prefix: string): StreamNames {
  const beside = BESIDE.join('|');
  const filter = prefix === '' ? `^(?!\\$|${NAMESPACED}|${beside})` : `^${prefix.replace('.', '[.]')}(?!${beside})`;
  const fits = new RegExp(filter);
  return {
    of: (stream) => prefix + stream,
    from: (name) => (fits.test(name) ? name.slice(prefix.length) : undefined),
    snapshotOf: (stream) => `${prefix}snapshot-${stream.replace(/^run-/, '')}`,
    definitionOf: (hash) => `${prefix}definition-${hash}`,
    lease: `${prefix}lease-runs`,
    filter,
  };
}
