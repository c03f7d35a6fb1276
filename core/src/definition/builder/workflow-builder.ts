import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Json } from '../../shared/json.ts';
import type { Computed } from '../expression.ts';
import { type Fields, isFields } from '../form/read.ts';
import type { Workflow } from '../workflow.ts';
import { assemble, type DraftTask } from './assemble.ts';
import type {
  BlockFeedback,
  BuiltTasks,
  CatchClause,
  Continued,
  FeedbackFault,
  HandlerEnvironment,
  InnerEnvironment,
  LoopOptionKey,
  ScopeOptions,
  ToldFeedback,
} from './block-options.ts';
import type {
  CaseOption,
  ChildOptionKey,
  ChildOptions,
  EnteredOptions,
  FormChoice,
  InputOption,
  ListOptionKey,
  OnceOptionKey,
  RaiseOption,
  ScopeOptionKey,
  SendOption,
  SendOptionKey,
  SendOutput,
  SleepOption,
  WaitOption,
  WaitOutput,
  WaitPart,
} from './entered-options.ts';
import type { AfterFault, FallbackFault, FirstFault, FreshId, ItemFault, OutputFault, Taken } from './messages.ts';
import type {
  Around,
  GivenKeys,
  Inside,
  OwnFeedback,
  PerhapsItem,
  StandInOptions,
  StartOptions,
  TaskOptionKey,
  TaskOptions,
  WorkflowOptions,
} from './options.ts';
import type {
  Absent,
  AgentChoice,
  AsAgent,
  Bears,
  BlockOutput,
  ChildChoice,
  DefaultInput,
  EachKey,
  Environment,
  FallbackChoice,
  FallbackOutput,
  FeedbackIn,
  Given,
  Handed,
  InputOf,
  IsAbsent,
  ItemOr,
  Late,
  LeafOutput,
  MaySkip,
  Named,
  OutputOf,
  Resolved,
  StandInsIn,
  Task,
  TasksIn,
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

/** One task, or several. */
type AfterChoice<Tasks> =
  | (keyof Tasks & string)
  | readonly (keyof Tasks & string)[]
  | (string & {})
  | readonly (string & {})[];

type JoinChoice = 'all' | 'any' | 'each' | number;
type CaseChoice = string | Readonly<Record<string, string>>;
type Ids<Env extends Environment, Tasks, StandIns> = keyof Tasks | keyof StandIns | Env['taken'];

/** What the tasks of a scope are handed: not known in time where it is computed, beside the tasks, from a list or by a mapping. */
type BlockInput<Env extends Environment, Tasks, After, J, Keys> = 'input' extends Keys
  ? Computed
  : 'forEach' extends Keys
    ? Computed
    : DefaultInput<Env['first'], Tasks, After, Absent, J>;

/** With a `while`, a task may be skipped, or cancelled. */
type Milestone<Keys> = 'while' extends Keys ? boolean : never;

type Many<Keys> = 'forEach' extends Keys ? { readonly item: Json; readonly index: number } : unknown;

/** What a round of a scope gives: not known in time where it is said beside the tasks. */
type Looped<Inner, Keys> = 'output' extends Keys ? Json : BlockOutput<Inner>;

/** The builder of the tasks of a block. */
type BlockBuilder<Env extends Environment> = WorkflowBuilder<unknown, Env, NoTasks, NoTasks, never, Absent, never>;

/**
 * Builds a workflow, or a block of one, task by task. Immutable: each call returns a new builder that knows one task more, so a
 * builder can be kept and continued in two ways. Mistakes that types cannot catch are reported together by `build()`.
 */
export class WorkflowBuilder<Input, Env extends Environment, Tasks, StandIns, Used extends string, Output, Also> {
  /** Types only. */
  declare readonly '~input'?: Input;
  /** Types only. */
  declare readonly '~tasks'?: {
    readonly tasks: Tasks;
    readonly standIns: StandIns;
    readonly used: Used;
    readonly output: Output;
    readonly also: Also;
    readonly feedback: Env['declared'];
  };
  private readonly draft: Draft;

  constructor(draft: Draft) {
    this.draft = draft;
  }

  /** Adds a task of an agent. `agent` is an agent, the name of one, or `{ capability }`. */
  task<
    const Id extends string,
    const A extends AgentChoice,
    const After extends AfterChoice<Tasks> = never,
    Item = Absent,
    const In extends Taken<A> | Absent | Computed = Absent,
    When extends boolean | Computed = never,
    F extends FallbackChoice<StandIns> = never,
    OnItemFailure extends 'fail' | 'continue' = 'fail',
    Need extends number | Computed = never,
    Until extends boolean | Computed = never,
    J extends JoinChoice = 'all',
    const Case extends CaseChoice = never,
    Keys extends TaskOptionKey = never,
  >(
    id: FreshId<
      Id,
      Ids<Env, Tasks, StandIns>,
      OutputFault<A> | FirstFault<Id, A, After, Keys, Env['first']> | ItemFault<Id, A, Keys, Item>
    >,
    agent: A,
    options?: TaskOptions<
      NoInfer<Id>,
      NoInfer<A>,
      Env,
      Tasks,
      StandIns,
      After,
      Item,
      In,
      When,
      F,
      OnItemFailure,
      J,
      Case,
      Need,
      Until,
      AfterFault<Id, A, After, Keys, DefaultInput<Env['first'], Tasks, After, Absent, J>>,
      FallbackFault<Id, F, StandIns, Keys, Item, In, Handed<Env['first'], Tasks, After, Item, In, J>>,
      OwnFeedback<Env, Keys, OutputOf<A> | FallbackOutput<NoInfer<F>, StandIns>>
    > &
      GivenKeys<Keys, TaskOptionKey>,
  ): WorkflowBuilder<
    Input,
    Env,
    Tasks &
      Record<
        Id,
        Task<
          Yield<A, StandIns, ItemOr<Item, J>, F, Bears<OnItemFailure, Need, Until, J>>,
          MaySkip<Tasks, Id, After, When | Milestone<Keys>, Case>,
          Upstream<Tasks, Named<After>>,
          Late<Tasks, After, J>
        >
      >,
    StandIns,
    Used | Named<After>,
    Output,
    Also
  > {
    return this.with(id, { ...options, agent });
  }

  /**
   * Adds a task that runs only when another one names it as its fallback. It is handed `{ input, error }` of the one that
   * failed, and its output counts as that one's.
   */
  fallbackTask<
    const Id extends string,
    const A extends AgentChoice,
    F extends FallbackChoice<StandIns> = never,
    const In extends Taken<A> | Absent | Computed = Absent,
  >(
    id: FreshId<Id, Ids<Env, Tasks, StandIns>>,
    agent: A,
    options?: StandInOptions<Env, StandIns, F, In>,
  ): WorkflowBuilder<
    Input,
    Env,
    Tasks,
    StandIns &
      Record<
        Id,
        {
          readonly input: IsAbsent<In> extends true ? InputOf<A> : unknown;
          readonly out: OutputOf<A> | FallbackOutput<F, StandIns>;
        }
      >,
    Used,
    Output,
    Also
  > {
    return this.with(id, { ...options, agent });
  }

  /** Adds a run of another workflow: a workflow, the name of one, or `{ name, version }`. Its input is the child's. */
  workflow<
    const Id extends string,
    const C extends ChildChoice,
    const After extends AfterChoice<Tasks> = never,
    const In extends Taken<AsAgent<C>> | Absent | Computed = Absent,
    When extends boolean | Computed = never,
    F extends FallbackChoice<StandIns> = never,
    OnItemFailure extends 'fail' | 'continue' = 'fail',
    Need extends number | Computed = never,
    Until extends boolean | Computed = never,
    J extends JoinChoice = 'all',
    const Case extends CaseChoice = never,
    Keys extends ChildOptionKey = never,
  >(
    id: FreshId<Id, Ids<Env, Tasks, StandIns>, FirstFault<Id, AsAgent<C>, After, Keys, Env['first']>>,
    child: C,
    options?: EnteredOptions<
      NoInfer<Id>,
      Env,
      Tasks,
      StandIns,
      After,
      When,
      F,
      OnItemFailure,
      J,
      Case,
      Need,
      Until,
      AfterFault<Id, AsAgent<C>, After, Keys, DefaultInput<Env['first'], Tasks, After, Absent, J>>,
      FallbackFault<Id, F, StandIns, Keys, Absent, In, Handed<Env['first'], Tasks, After, Absent, In, J>>
    > &
      InputOption<Env, Tasks, After, J, In> &
      ChildOptions<Around<Env, Tasks, After, J>> &
      GivenKeys<Keys, ChildOptionKey>,
  ): WorkflowBuilder<
    Input,
    Env,
    Tasks &
      Record<
        Id,
        Task<
          Given<OutputOf<AsAgent<C>>, StandIns, F, Keys | EachKey<J>, Bears<OnItemFailure, Need, Until, J>>,
          MaySkip<Tasks, Id, After, When | Milestone<Keys>, Case>,
          Upstream<Tasks, Named<After>>,
          Late<Tasks, After, J>
        >
      >,
    StandIns,
    Used | Named<After>,
    Output,
    Also
  > {
    return this.with(id, { ...options, workflow: child });
  }

  /**
   * Adds a block of tasks with a fate of its own. What is after it sees its output only. `build` is handed a builder that knows
   * what is before the block.
   */
  scope<
    const Id extends string,
    Inner extends BuiltTasks,
    const After extends AfterChoice<Tasks> = never,
    const In = Absent,
    When extends boolean | Computed = never,
    F extends FallbackChoice<StandIns> = never,
    OnItemFailure extends 'fail' | 'continue' = 'fail',
    Need extends number | Computed = never,
    Until extends boolean | Computed = never,
    J extends JoinChoice = 'all',
    const Case extends CaseChoice = never,
    Out = Absent,
    Then extends 'retry' | 'continue' | 'fail' = never,
    Caught = never,
    Keys extends ScopeOptionKey = never,
    Within extends Environment = InnerEnvironment<
      Env,
      Id,
      Tasks,
      StandIns,
      After,
      J,
      BlockInput<Env, Tasks, After, J, Keys>,
      Many<Keys | EachKey<J>>,
      BlockFeedback<Env, Keys, Then>
    >,
    LoopKeys extends LoopOptionKey = never,
  >(
    id: FreshId<
      Id,
      Ids<Env, Tasks, StandIns>,
      FeedbackFault<Id, FeedbackIn<Inner>, Looped<Inner, Keys>, Keys, LoopKeys, Then>
    >,
    build: (block: BlockBuilder<Within>) => Inner,
    options?: EnteredOptions<NoInfer<Id>, Env, Tasks, StandIns, After, When, F, OnItemFailure, J, Case, Need, Until> &
      InputOption<Env, Tasks, After, J, In> &
      ScopeOptions<
        NoInfer<Within>,
        TasksIn<NoInfer<Inner>>,
        BlockBuilder<HandlerEnvironment<NoInfer<Within>, TasksIn<NoInfer<Inner>>, StandInsIn<NoInfer<Inner>>>>,
        Out,
        Then,
        Caught,
        Looped<NoInfer<Inner>, Keys>,
        Around<Env, Tasks, After, J>,
        FeedbackIn<NoInfer<Inner>>,
        Keys,
        LoopKeys
      > & { readonly [Key in Keys]?: unknown },
  ): WorkflowBuilder<
    Input,
    Env,
    Tasks &
      Record<
        Id,
        Task<
          Given<
            BlockOutput<Inner, Out> | Continued<Then, Caught>,
            StandIns,
            F,
            Keys | EachKey<J>,
            Bears<OnItemFailure, Need, Until, J>
          >,
          MaySkip<Tasks, Id, After, When | Milestone<Keys>, Case>,
          Upstream<Tasks, Named<After>>,
          Late<Tasks, After, J>
        >
      >,
    StandIns,
    Used | Named<After>,
    Output,
    Also
  > {
    const { tasks, output, options: own } = WorkflowBuilder.draftOf(build(emptyBlock()));
    const said: Fields = { ...options };
    return this.with(id, {
      ...own,
      ...(output !== undefined && { output }),
      ...WorkflowBuilder.withHandlers(said),
      scope: tasks,
    });
  }

  /**
   * Adds a wait for a signal from outside, for a message, or for a person's answer to a form, whose `input` is what it is about. What comes is the output;
   * an answer is typed by its form.
   */
  wait<
    const Id extends string,
    const After extends AfterChoice<Tasks> = never,
    const In = Absent,
    When extends boolean | Computed = never,
    F extends FallbackChoice<StandIns> = never,
    OnItemFailure extends 'fail' | 'continue' = 'fail',
    Need extends number | Computed = never,
    Until extends boolean | Computed = never,
    J extends JoinChoice = 'all',
    const Case extends CaseChoice = never,
    Keys extends ListOptionKey | 'input' = never,
    const Asked extends FormChoice = never,
    Parts extends WaitPart = never,
  >(
    id: FreshId<Id, Ids<Env, Tasks, StandIns>>,
    wait: WaitOption<Around<Env, Tasks, After, J>, Asked> & { readonly [Key in Parts]?: unknown },
    options?: EnteredOptions<NoInfer<Id>, Env, Tasks, StandIns, After, When, F, OnItemFailure, J, Case, Need, Until> &
      InputOption<Env, Tasks, After, J, In> & { readonly concurrency?: number } & { readonly [Key in Keys]?: unknown },
  ): WorkflowBuilder<
    Input,
    Env,
    Tasks &
      Record<
        Id,
        Task<
          Given<WaitOutput<Asked, Parts>, StandIns, F, Keys | EachKey<J>, Bears<OnItemFailure, Need, Until, J>>,
          MaySkip<Tasks, Id, After, When | Milestone<Keys>, Case>,
          Upstream<Tasks, Named<After>>,
          Late<Tasks, After, J>
        >
      >,
    StandIns,
    Used | Named<After>,
    Output,
    Also
  > {
    return this.with(id, { ...options, wait });
  }

  /** Adds a pause: `'1h'`, `{ for }` or `{ until }`. It hands its input on. */
  sleep<
    const Id extends string,
    const After extends AfterChoice<Tasks> = never,
    const In = Absent,
    When extends boolean | Computed = never,
    F extends FallbackChoice<StandIns> = never,
    OnItemFailure extends 'fail' | 'continue' = 'fail',
    Need extends number | Computed = never,
    Until extends boolean | Computed = never,
    J extends JoinChoice = 'all',
    const Case extends CaseChoice = never,
    Keys extends ListOptionKey | 'input' = never,
  >(
    id: FreshId<Id, Ids<Env, Tasks, StandIns>>,
    sleep: SleepOption<Around<Env, Tasks, After, J>>,
    options?: EnteredOptions<NoInfer<Id>, Env, Tasks, StandIns, After, When, F, OnItemFailure, J, Case, Need, Until> &
      InputOption<Env, Tasks, After, J, In> & { readonly concurrency?: number } & { readonly [Key in Keys]?: unknown },
  ): WorkflowBuilder<
    Input,
    Env,
    Tasks &
      Record<
        Id,
        Task<
          Given<
            HandedOn<Env, Tasks, After, In, J, Keys>,
            StandIns,
            F,
            Keys | EachKey<J>,
            Bears<OnItemFailure, Need, Until, J>
          >,
          MaySkip<Tasks, Id, After, When | Milestone<Keys>, Case>,
          Upstream<Tasks, Named<After>>,
          Late<Tasks, After, J>
        >
      >,
    StandIns,
    Used | Named<After>,
    Output,
    Also
  > {
    return this.with(id, { ...options, sleep });
  }

  /** Adds a value: plain JSON, in which texts of the form "${…}" are CEL, or a function that computes it. */
  set<
    const Id extends string,
    Value,
    const After extends AfterChoice<Tasks> = never,
    When extends boolean | Computed = never,
    F extends FallbackChoice<StandIns> = never,
    OnItemFailure extends 'fail' | 'continue' = 'fail',
    Need extends number | Computed = never,
    Until extends boolean | Computed = never,
    J extends JoinChoice = 'all',
    const Case extends CaseChoice = never,
    Keys extends ListOptionKey = never,
  >(
    id: FreshId<Id, Ids<Env, Tasks, StandIns>>,
    value: ((scope: Around<Env, Tasks, After, J> & PerhapsItem) => Value) | Untyped<Value> | Value,
    options?: EnteredOptions<NoInfer<Id>, Env, Tasks, StandIns, After, When, F, OnItemFailure, J, Case, Need, Until> & {
      readonly concurrency?: number;
    } & { readonly [Key in Keys]?: unknown },
  ): WorkflowBuilder<
    Input,
    Env,
    Tasks &
      Record<
        Id,
        Task<
          Given<Resolved<Value>, StandIns, F, Keys | EachKey<J>, Bears<OnItemFailure, Need, Until, J>>,
          MaySkip<Tasks, Id, After, When | Milestone<Keys>, Case>,
          Upstream<Tasks, Named<After>>,
          Late<Tasks, After, J>
        >
      >,
    StandIns,
    Used | Named<After>,
    Output,
    Also
  > {
    return this.with(id, { ...options, set: value });
  }

  /**
   * Adds a message to a mailbox of the run, or to those of whoever subscribes to a topic. Its output is `{ id }` (of a topic `{ id, recipients }`); with `until:
   * 'acknowledged'` it waits until somebody is done with the message, with `until: 'replied'` until it is answered, and the answer is the output.
   */
  send<
    const Id extends string,
    const After extends AfterChoice<Tasks> = never,
    When extends boolean | Computed = never,
    F extends FallbackChoice<StandIns> = never,
    OnItemFailure extends 'fail' | 'continue' = 'fail',
    Need extends number | Computed = never,
    Until extends boolean | Computed = never,
    J extends JoinChoice = 'all',
    const Case extends CaseChoice = never,
    const In = Absent,
    Keys extends ListOptionKey | 'input' = never,
    const Ends extends 'sent' | 'acknowledged' | 'replied' = 'sent',
    Says extends SendOptionKey = never,
  >(
    id: FreshId<Id, Ids<Env, Tasks, StandIns>>,
    message: SendOption<Around<Env, Tasks, After, J>> & { readonly until?: Ends } & {
      readonly [Key in Says]?: unknown;
    },
    options?: EnteredOptions<NoInfer<Id>, Env, Tasks, StandIns, After, When, F, OnItemFailure, J, Case, Need, Until> &
      InputOption<Env, Tasks, After, J, In> & { readonly concurrency?: number } & { readonly [Key in Keys]?: unknown },
  ): WorkflowBuilder<
    Input,
    Env,
    Tasks &
      Record<
        Id,
        Task<
          Given<SendOutput<Ends, Says>, StandIns, F, Keys | EachKey<J>, Bears<OnItemFailure, Need, Until, J>>,
          MaySkip<Tasks, Id, After, When | Milestone<Keys>, Case>,
          Upstream<Tasks, Named<After>>,
          Late<Tasks, After, J>
        >
      >,
    StandIns,
    Used | Named<After>,
    Output,
    Also
  > {
    return this.with(id, { ...options, send: message });
  }

  /** Adds a choice between cases: the first whose `when` holds, else that of `{ else }`, which stands last. It hands its input on. */
  switch<
    const Id extends string,
    const Name extends string,
    const After extends AfterChoice<Tasks> = never,
    const In = Absent,
    When extends boolean | Computed = never,
    F extends FallbackChoice<StandIns> = never,
    J extends JoinChoice = 'all',
    const Case extends CaseChoice = never,
    Keys extends OnceOptionKey | 'input' = never,
  >(
    id: FreshId<Id, Ids<Env, Tasks, StandIns>>,
    cases: readonly CaseOption<Around<Env, Tasks, After, J>, Name>[],
    options?: StartOptions<NoInfer<Id>, Env, Tasks, After, When, J, Case> &
      InputOption<Env, Tasks, After, J, In> & { readonly fallback?: F & FallbackChoice<StandIns> } & {
        readonly [Key in Keys]?: unknown;
      },
  ): WorkflowBuilder<
    Input,
    Env,
    Tasks &
      Record<
        Id,
        Task<
          HandedOn<Env, Tasks, After, In, J, Keys> | FallbackOutput<F, StandIns>,
          MaySkip<Tasks, Id, After, When | Milestone<Keys>, Case>,
          Upstream<Tasks, Named<After>>,
          Late<Tasks, After, J>,
          Name
        >
      >,
    StandIns,
    Used | Named<After>,
    Output,
    Also
  > {
    return this.with(id, { ...options, switch: cases });
  }

  /**
   * Adds a cancellation of tasks of the block, or of the blocks around it, that have not ended. Its output names those that it cancelled. With `complete`
   * they are lists, which complete with what they have: only items that have not ended are cancelled.
   */
  cancel<
    const Id extends string,
    const After extends AfterChoice<Tasks> = never,
    When extends boolean | Computed = never,
    F extends FallbackChoice<StandIns> = never,
    J extends JoinChoice = 'all',
    const Case extends CaseChoice = never,
    Keys extends OnceOptionKey = never,
  >(
    id: FreshId<Id, Ids<Env, Tasks, StandIns>>,
    tasks: string | readonly string[] | { readonly tasks: string | readonly string[]; readonly complete: true },
    options?: StartOptions<NoInfer<Id>, Env, Tasks, After, When, J, Case> & {
      readonly fallback?: F & FallbackChoice<StandIns>;
    } & { readonly [Key in Keys]?: unknown },
  ): WorkflowBuilder<
    Input,
    Env,
    Tasks &
      Record<
        Id,
        Task<
          readonly string[] | FallbackOutput<F, StandIns>,
          MaySkip<Tasks, Id, After, When | Milestone<Keys>, Case>,
          Upstream<Tasks, Named<After>>,
          Late<Tasks, After, J>
        >
      >,
    StandIns,
    Used | Named<After>,
    Output,
    Also
  > {
    return this.with(id, { ...options, cancel: tasks });
  }

  /** Adds an end of the innermost block, as completed with `output` (default: null). */
  end<
    const Id extends string,
    Value = null,
    const After extends AfterChoice<Tasks> = never,
    When extends boolean | Computed = never,
    J extends JoinChoice = 'all',
    const Case extends CaseChoice = never,
  >(
    id: FreshId<Id, Ids<Env, Tasks, StandIns>>,
    output?: ((scope: Around<Env, Tasks, After, J>) => Value) | Untyped<Value> | Value,
    options?: StartOptions<NoInfer<Id>, Env, Tasks, After, When, J, Case>,
  ): WorkflowBuilder<
    Input,
    Env,
    Tasks &
      Record<
        Id,
        Task<null, MaySkip<Tasks, Id, After, When, Case>, Upstream<Tasks, Named<After>>, Late<Tasks, After, J>>
      >,
    StandIns,
    Used | Named<After>,
    Output,
    Also | Resolved<Value>
  > {
    return this.with(id, { ...options, end: output === undefined ? {} : { output } });
  }

  /** Adds a failure with an error of the workflow's own. */
  raise<
    const Id extends string,
    const After extends AfterChoice<Tasks> = never,
    When extends boolean | Computed = never,
    F extends FallbackChoice<StandIns> = never,
    J extends JoinChoice = 'all',
    const Case extends CaseChoice = never,
  >(
    id: FreshId<Id, Ids<Env, Tasks, StandIns>>,
    error: RaiseOption<Around<Env, Tasks, After, J>>,
    options?: StartOptions<NoInfer<Id>, Env, Tasks, After, When, J, Case> & {
      readonly fallback?: F & FallbackChoice<StandIns>;
    },
  ): WorkflowBuilder<
    Input,
    Env,
    Tasks &
      Record<
        Id,
        Task<
          null | FallbackOutput<F, StandIns>,
          MaySkip<Tasks, Id, After, When, Case>,
          Upstream<Tasks, Named<After>>,
          Late<Tasks, After, J>
        >
      >,
    StandIns,
    Used | Named<After>,
    Output,
    Also
  > {
    return this.with(id, { ...options, raise: error });
  }

  /**
   * Says what the tasks that follow read as `feedback` in a block that runs again: what its loop hands on, which is checked against it.
   * (It cannot be told from the tasks, which read it.) Types only.
   */
  feedback<Feedback extends Json>(): WorkflowBuilder<
    Input,
    ToldFeedback<Env, Feedback>,
    Tasks,
    StandIns,
    Used,
    Output,
    Also
  > {
    return new WorkflowBuilder(this.draft);
  }

  /** Says what is done about failures in the workflow (in the block). Knows the tasks that were added before. */
  catch<Then extends 'retry' | 'continue' | 'fail', Caught = never>(
    clauses: readonly CatchClause<Env, Tasks, BlockBuilder<HandlerEnvironment<Env, Tasks, StandIns>>, Then, Caught>[],
  ): WorkflowBuilder<Input, Env, Tasks, StandIns, Used, Output, Also | Continued<Then, Caught>> {
    const { options } = this.draft;
    return new WorkflowBuilder({
      ...this.draft,
      options: { ...options, ...WorkflowBuilder.withHandlers({ catch: clauses }) },
    });
  }

  /** Says what a run (or the block) yields. Default: the output of the only task that nothing comes after, or of all those by id. */
  output<Out>(
    mapping: ((scope: Inside<Env, Tasks>) => Out) | Untyped<Out>,
  ): WorkflowBuilder<Input, Env, Tasks, StandIns, Used, Out, Also> {
    return new WorkflowBuilder({ ...this.draft, output: mapping });
  }

  /** The workflow, or one REPRISE_DEFINITION_INVALID that lists everything that is wrong with it. */
  build(): Workflow<Input, (IsAbsent<Output> extends true ? LeafOutput<Tasks, Used> : Resolved<Output>) | Also> {
    const { name, options, schema, tasks, output } = this.draft;
    return assemble(name, output === undefined ? options : { ...options, output }, tasks, schema);
  }

  private with<Next>(id: string, fields: Fields): Next {
    return new WorkflowBuilder({ ...this.draft, tasks: [...this.draft.tasks, { id, fields }] }) as Next;
  }

  /** @internal What a function says to a builder of tasks that are added to a run. */
  static added(build: (block: AddedTasksBuilder) => unknown): unknown {
    return WorkflowBuilder.draftOf(build(emptyBlock() as unknown as AddedTasksBuilder)).tasks;
  }

  /** What was said to the builder that a function gave back. What is no builder is told as such when the workflow is built. */
  private static draftOf(built: unknown): {
    readonly tasks: unknown;
    readonly output?: unknown;
    readonly options: Fields;
  } {
    return built instanceof WorkflowBuilder ? built.draft : { tasks: built, options: {} };
  }

  /** Options of a block, the tasks of its handlers built. */
  private static withHandlers(options: Fields): Fields {
    const { catch: clauses } = options;
    if (!Array.isArray(clauses)) return options;
    const built = clauses.map((clause: unknown) => {
      if (!isFields(clause) || typeof clause['do'] !== 'function') return clause;
      const handler = clause['do'] as (block: unknown) => unknown;
      return { ...clause, do: WorkflowBuilder.draftOf(handler(emptyBlock())).tasks };
    });
    return { ...options, catch: built };
  }
}

/** What a task hands on that computes nothing. */
type HandedOn<Env extends Environment, Tasks, After, In, J, Keys> = 'forEach' extends Keys
  ? Json
  : Resolved<Handed<Env['first'], Tasks, After, Absent, In, J>>;

const emptyBlock = (): BlockBuilder<never> => new WorkflowBuilder({ name: '', options: {}, tasks: [] });

type NoTasks = Record<never, never>;

/** What is around the tasks of a workflow. */
interface RunEnvironment<Run> extends Environment {
  readonly run: Run;
  readonly first: Run;
  readonly outer: unknown;
  readonly taken: never;
  readonly more: unknown;
  readonly feedback: Json;
  readonly declared: Absent;
}

/**
 * The builder of tasks that are added to a run: says what a builder of a block does, without its types, because the tasks may come after such as are
 * there, of which nothing is known in time.
 */
export type AddedTasksBuilder = {
  readonly [Word in AddedWord]: (id: string, ...said: readonly unknown[]) => AddedTasksBuilder;
} & {
  scope(
    id: string,
    build: (block: AddedTasksBuilder) => AddedTasksBuilder,
    options?: Readonly<Record<string, unknown>>,
  ): AddedTasksBuilder;
};

type AddedWord = Exclude<keyof BlockBuilder<never>, 'scope' | 'build' | 'output' | 'catch' | `~${string}`>;

/** Starts a workflow whose input is checked against a Standard Schema (zod, valibot, arktype …). */
export function workflow<Schema extends StandardSchemaV1>(
  name: string,
  options: WorkflowOptions & { readonly input: Schema },
): WorkflowBuilder<
  StandardSchemaV1.InferInput<Schema>,
  RunEnvironment<StandardSchemaV1.InferOutput<Schema>>,
  NoTasks,
  NoTasks,
  never,
  Absent,
  never
>;
/** Starts a workflow whose input is not checked: `workflow<{ folder: string }>('dossier')`. */
export function workflow<Input = unknown>(
  name: string,
  options?: WorkflowOptions,
): WorkflowBuilder<Input, RunEnvironment<Input>, NoTasks, NoTasks, never, Absent, never>;
export function workflow(
  name: string,
  options: WorkflowOptions & { readonly input?: StandardSchemaV1 } = {},
): WorkflowBuilder<unknown, RunEnvironment<unknown>, NoTasks, NoTasks, never, Absent, never> {
  const { input, ...others } = options;
  return new WorkflowBuilder({ name, options: others, ...(input && { schema: input }), tasks: [] });
}
