/** Something that a part says of how it is, for who looks after it: a line of `reprise doctor`. */
export interface Finding {
  /** What it is about, in a word or two. */
  readonly name: string;
  /** `fail`: runs cannot go on like that. `warn`: something would be lost, or will not work. */
  readonly status: 'ok' | 'warn' | 'fail';
  readonly detail: string;
  /** What to do about it. */
  readonly fix?: string;
}
