/** What was decided about the language, in its own words, and the tests that show it. */
export interface Decision {
  readonly says: string;
  /** By their given, when and then. */
  readonly shown?: Readonly<Record<string, () => void>>;
  /** Tests that stand elsewhere: the file, from the root of the repository, and a part of the title. */
  readonly elsewhere?: readonly (readonly [file: string, title: string])[];
}

const WORKFLOW = 'core/test/workflow';
const DEFINITION = 'core/test/definition';

export const FILES = {
  blocks: `${WORKFLOW}/language/blocks.unit.ts`,
  starting: `${WORKFLOW}/language/starting.unit.ts`,
  joinEach: `${WORKFLOW}/language/join-each.unit.ts`,
  lists: `${WORKFLOW}/language/lists.unit.ts`,
  limitsOfClosing: `${WORKFLOW}/language/limits-of-closing.unit.ts`,
  attempts: `${WORKFLOW}/attempts.unit.ts`,
  between: `${WORKFLOW}/messaging/between.unit.ts`,
  conditions: `${WORKFLOW}/conditions.unit.ts`,
  forEach: `${WORKFLOW}/for-each.unit.ts`,
  pauses: `${WORKFLOW}/pauses.unit.ts`,
  repeat: `${WORKFLOW}/repeat.unit.ts`,
  runCommands: `${WORKFLOW}/run-commands.unit.ts`,
  timeouts: `${WORKFLOW}/timeouts.unit.ts`,
  expressions: `${DEFINITION}/expressions-in-sight.unit.ts`,
  language: `${DEFINITION}/language.unit.ts`,
  refusals: `${DEFINITION}/refusals.unit.ts`,
  refusedBlocks: `${DEFINITION}/refusals-blocks.unit.ts`,
  paths: 'core/test/shared/task-path.unit.ts',
  plugins: 'core/test/container/plugins.unit.ts',
  aborts: 'core/test/runtime/aborts.int.ts',
  containment: 'core/test/runtime/containment.int.ts',
  leases: 'core/test/runtime/leases.int.ts',
  betweenInt: 'core/test/runtime/messages-between.int.ts',
  blocksInt: 'core/test/runtime/blocks.int.ts',
  children: 'core/test/runtime/children.int.ts',
  pausesInt: 'core/test/runtime/pauses.int.ts',
} as const;
