import type { Projection } from '../projection.ts';
import { agents } from './agents.ts';
import { conversations } from './conversations.ts';
import { criticalPaths } from './critical-paths.ts';
import { deadLetters } from './dead-letters.ts';
import { forms } from './forms.ts';
import { runIndex } from './run-index.ts';
import { taskTimes } from './task-times.ts';
import { throughput } from './throughput.ts';
import { timelines } from './timelines.ts';
import { waiting } from './waiting.ts';
import { whoToldWhom } from './who-told-whom.ts';

/** Every projection that Reprise brings. */
export const BUILT_IN_VIEWS: readonly Projection[] = [
  runIndex,
  timelines,
  throughput,
  waiting,
  taskTimes,
  criticalPaths,
  forms,
  deadLetters,
  whoToldWhom,
  conversations,
  agents,
] as readonly Projection[];
