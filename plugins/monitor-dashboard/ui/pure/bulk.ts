/** What can be done to many runs at once. */
export const BULK = ['cancel', 'pause', 'resume', 'retry', 'retry-tasks'] as const;
export type BulkKind = (typeof BULK)[number];

export const BULK_NAMES: Readonly<Record<BulkKind, string>> = {
  cancel: 'Cancel',
  pause: 'Pause',
  resume: 'Resume',
  retry: 'Retry',
  'retry-tasks': 'Retry tasks now',
};

const FIT: Readonly<Record<BulkKind, ReadonlySet<string>>> = {
  cancel: new Set(['running', 'paused', 'parked', 'forking']),
  pause: new Set(['running']),
  resume: new Set(['paused', 'parked']),
  retry: new Set(['failed', 'cancelled']),
  'retry-tasks': new Set(['running']),
};

/** Whether a run of that status can be changed so. The server decides; this is for what is told before. */
export const fits = (kind: BulkKind, status: string): boolean => FIT[kind].has(status);

export interface BulkPreview<Run> {
  readonly fit: readonly Run[];
  /** Those that stay as they are, by their status. */
  readonly left: Readonly<Record<string, number>>;
}

export function previewOf<Run extends { readonly status: string }>(
  kind: BulkKind,
  runs: readonly Run[],
): BulkPreview<Run> {
  const left: Record<string, number> = {};
  const fit: Run[] = [];
  for (const run of runs) {
    if (fits(kind, run.status)) fit.push(run);
    else left[run.status] = (left[run.status] ?? 0) + 1;
  }
  return { fit, left };
}
