/** Flags of a command that changes a run: who says so, why, and the id of the request. */
export interface SaidFlags {
  readonly by?: string | undefined;
  readonly reason?: string | undefined;
  readonly 'request-id'?: string | undefined;
}

/** Who says it, and why, as a command to a run takes it. */
export const whoOf = ({ by, reason, 'request-id': requestId }: SaidFlags) => ({
  ...(by === undefined ? {} : { by }),
  ...(reason === undefined ? {} : { reason }),
  ...(requestId === undefined ? {} : { requestId }),
});
