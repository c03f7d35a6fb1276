/**
 * The rules of folding and of digests that new runs are recorded under. A history keeps its rules for life; a change of what a
 * history of these rules folds to, or of its digest, needs the next number and a fixture of its own.
 *
 * 1: `RunStarted` has no `rules`. The digest is the SHA-256 of one JSON text of the state.
 * 2: the digest carries its version (`1:`), leaves out what is at its initial value, and stands for large payloads by their hash.
 * 3: ids are paths: an item is `each[2]`, no longer `each.2`.
 * 4: a dependency that was cancelled counts as one that was skipped.
 */
export const CURRENT_RULES = 4;
