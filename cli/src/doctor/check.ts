export type CheckStatus = 'ok' | 'warn' | 'fail';

/** One line of the doctor's report. */
export interface Check {
  readonly name: string;
  readonly status: CheckStatus;
  readonly detail: string;
  /** What to do about it. */
  readonly fix?: string;
}

export const ok = (name: string, detail: string): Check => ({ name, status: 'ok', detail });

export const warn = (name: string, detail: string, fix: string): Check => ({ name, status: 'warn', detail, fix });

export const fail = (name: string, detail: string, fix: string): Check => ({ name, status: 'fail', detail, fix });
