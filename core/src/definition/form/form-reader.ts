import type { Expression, TaskDefinition } from '../definition.ts';
import type { Path, Report } from '../problem.ts';

/** A task as it was written, unread. */
export interface WrittenTask {
  readonly id: string;
  readonly task: unknown;
}

/** What the two ways of writing a workflow do not share: functions and `cel()` in the builder, text in YAML. */
export interface FormReader {
  /** A condition, or the items of a forEach. */
  computed(value: unknown, path: Path, report: Report): Expression | undefined;
  /** An input, or the output of the workflow or a scope. */
  mapped(value: unknown, path: Path, report: Report): Expression | undefined;
  /** Any other template. Plain JSON is one. */
  value(value: unknown, path: Path, report: Report): Expression | undefined;
  /** A template of a name or a sentence: what looks like a variable (`feedback`) may be meant. */
  named(value: unknown, path: Path, report: Report): Expression | undefined;
  /** The schema of a form: found, where it is written as a place. Whether it is one is looked at by whoever asks. */
  schema(value: unknown, path: Path, report: Report): unknown;
  /** The tasks of a block, in the order in which they are written. */
  tasks(value: unknown, path: Path, report: Report): readonly WrittenTask[];
}

/** Reads the tasks of a block that is written at `path`. */
export type ReadTasks = (value: unknown, path: Path) => readonly TaskDefinition[];
