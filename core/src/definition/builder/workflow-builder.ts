import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Computed } from '../expression.ts';
import type { Fields } from '../form/read.ts';
import type { Workflow } from '../workflow.ts';
import { assemble, type DraftTask } from './assemble.ts';
import type { Fits, FreshId } from './messages.ts';
import type { OutputScope, PlainTaskOptions, TaskOptionKey, TaskOptions, WorkflowOptions } from './options.ts';
import type {
  Absent,
  AgentChoice,
  FallbackChoice,
  Handed,
  InputOf,
  IsAbsent,
  MaySkip,
  Named,
  OutputOf,
  Resolved,
  Seen,
  Untyped,
  Upstream,
  Yield,
} from './task-types.ts';

/** What has been said so far. */
interface Draft {
  readonly name: string;
  readonly options: Fields;
  readonly schema?: StandardSchemaV1;
  readonly tasks: readonly DraftTask[];
  readonly output?: unknown;
}

/**
 * Builds a workflow task by task. Immutable: each call returns a new builder that knows one task more, so a builder can be
 * kept and continued in two ways. Mistakes that types cannot catch are reported together by `build()`.
 */
export class WorkflowBuilder<Input, Run, Tasks, StandIns, Used extends string, Output> {
  /** Types only. */
  declare readonly '~input'?: Input;
  private readonly draft: Draft;

  constructor(draft: Draft) {
    this.draft = draft;
  }

  /** Adds a task. `agent` is an agent, the name of one, or `{ capability }`. */
  task<
    const Id extends string,
    const A extends AgentChoice,
    const After extends
      | (keyof Tasks & string)
      | readonly (keyof Tasks & string)[]
      | (string & {})
      | readonly (string & {})[] = never,
    Item = Absent,
    const In = Absent,
    When extends boolean | Computed = never,
    F extends FallbackChoice<StandIns> = never,
    OnItemFailure extends 'fail' | 'continue' = 'fail',
    Keys extends TaskOptionKey = never,
  >(
    id: FreshId<Id, keyof Tasks | keyof StandIns>,
    agent: A & Fits<Id, A, F, StandIns, Keys, Item, In, Handed<Run, Tasks, After, Item, In>>,
    options?: TaskOptions<NoInfer<Id>, NoInfer<A>, Run, Tasks, StandIns, After, Item, In, When, F, OnItemFailure> & {
      readonly [Key in Keys]?: unknown;
    },
  ): WorkflowBuilder<
    Input,
    Run,
    Tasks &
      Record<
        Id,
        {
          readonly out: Yield<A, StandIns, Item, F, OnItemFailure>;
          readonly skip: MaySkip<Tasks, After, When>;
          readonly up: Upstream<Tasks, Named<After>> & string;
        }
      >,
    StandIns,
    Used | Named<After>,
    Output
  > {
    return this.with(id, { ...options, agent });
  }

  /**
   * Adds a task that runs only when another one names it as its fallback. It is handed `{ input, error }` of the one that
   * failed, and its output counts as that one's.
   */
  fallbackTask<const Id extends string, const A extends AgentChoice>(
    id: FreshId<Id, keyof Tasks | keyof StandIns>,
    agent: A,
    options?: PlainTaskOptions,
  ): WorkflowBuilder<
    Input,
    Run,
    Tasks,
    StandIns & Record<Id, { readonly input: InputOf<A>; readonly out: OutputOf<A> }>,
    Used,
    Output
  > {
    return this.with(id, { ...options, agent });
  }

  /** Says what a run yields. Default: the output of the only task that nothing comes after, or of all those by id. */
  output<Out>(
    mapping: ((scope: OutputScope<Run, Tasks>) => Out) | Untyped<Out>,
  ): WorkflowBuilder<Input, Run, Tasks, StandIns, Used, Out> {
    return new WorkflowBuilder({ ...this.draft, output: mapping });
  }

  /** The workflow, or one REPRISE_DEFINITION_INVALID that lists everything that is wrong with it. */
  build(): Workflow<Input, IsAbsent<Output> extends true ? LeafOutput<Tasks, Used> : Resolved<Output>> {
    const { name, options, schema, tasks, output } = this.draft;
    return assemble(name, output === undefined ? options : { ...options, output }, tasks, schema);
  }

  private with<Next>(id: string, fields: Fields): Next {
    return new WorkflowBuilder({ ...this.draft, tasks: [...this.draft.tasks, { id, fields }] }) as Next;
  }
}

type LeafOutput<Tasks, Used> = LeafOf<Tasks, Exclude<keyof Tasks, Used>>;

type LeafOf<Tasks, Leaf> =
  IsUnion<Leaf> extends true ? { readonly [Id in Leaf & string]: Seen<Tasks, Id> } : Seen<Tasks, Leaf>;

type IsUnion<T, All = T> = T extends unknown ? ([All] extends [T] ? false : true) : never;

type NoTasks = Record<never, never>;

/** Starts a workflow whose input is checked against a Standard Schema (zod, valibot, arktype …). */
export function workflow<Schema extends StandardSchemaV1>(
  name: string,
  options: WorkflowOptions & { readonly input: Schema },
): WorkflowBuilder<
  StandardSchemaV1.InferInput<Schema>,
  StandardSchemaV1.InferOutput<Schema>,
  NoTasks,
  NoTasks,
  never,
  Absent
>;
/** Starts a workflow whose input is not checked: `workflow<{ folder: string }>('dossier')`. */
export function workflow<Input = unknown>(
  name: string,
  options?: WorkflowOptions,
): WorkflowBuilder<Input, Input, NoTasks, NoTasks, never, Absent>;
export function workflow(
  name: string,
  options: WorkflowOptions & { readonly input?: StandardSchemaV1 } = {},
): WorkflowBuilder<unknown, unknown, NoTasks, NoTasks, never, Absent> {
  const { input, ...others } = options;
  return new WorkflowBuilder({ name, options: others, ...(input && { schema: input }), tasks: [] });
}
