import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Json } from '../../shared/json.ts';
import { type BlockPlace, blocksOf, type TaskGroup } from '../blocks.ts';
import { compile } from '../cel/program.ts';
import {
  cheaperIn,
  type Expression,
  isForAgents,
  type TaskDefinition,
  type WorkflowDefinition,
} from '../definition.ts';
import { fallbackTasks } from '../graph.ts';
import { celOf, literalOf } from '../template.ts';
import { shapeOfCel, type Variables } from './cel-shape.ts';
import { shapeOfStandard } from './schema-shape.ts';
import {
  itemOf,
  listOf,
  NULL,
  NUMBER,
  objectOf,
  once,
  type Shape,
  STRING,
  shapeOfJson,
  union,
  unionOf,
} from './shape.ts';

/** An agent, with what it says of its input and output. */
export interface AgentSchemas {
  readonly name: string;
  readonly inputSchema?: StandardSchemaV1 | undefined;
  readonly outputSchema?: StandardSchemaV1 | undefined;
}

/** A workflow, with what it says of its input. */
export type WorkflowSchemas = Pick<WorkflowDefinition, 'name' | 'version' | 'tasks' | 'output' | 'catch'> & {
  readonly inputSchema?: StandardSchemaV1 | undefined;
};

export interface ValueSources {
  readonly agents?: Iterable<AgentSchemas>;
  readonly workflows?: Iterable<WorkflowSchemas>;
}

/** Where an expression stands. */
export interface Standpoint {
  readonly block: BlockPlace;
  readonly of?: { readonly group: TaskGroup; readonly task: TaskDefinition };
  /** Of a catch: the place of its clause whose handler has ended. */
  readonly clause?: number;
  /** Where in its task, or its block: `['repeat', 'until']`. */
  readonly slot: readonly (string | number)[];
}

/** Of a task that is one of many: what is asked once, before there are items. */
const ONCE: ReadonlySet<unknown> = new Set(['when', 'while', 'forEach', 'repeat', 'switch']);

/**
 * What is known of the values in the runs of a valid definition: of its input and of agents by their schemas, of literals, and of what is computed from
 * these. What is not known is undefined, which is anything. An output may be null in any case: a task may be skipped.
 */
export class KnownValues {
  readonly blocks: readonly BlockPlace[];
  readonly #agents: ReadonlyMap<string, AgentSchemas>;
  readonly #workflows: readonly WorkflowSchemas[];
  readonly #input: Shape;
  readonly #scopes: ReadonlyMap<TaskDefinition, BlockPlace>;
  readonly #outputs = new Map<TaskDefinition, () => Shape>();
  readonly #standIns = new Map<TaskGroup, ReadonlySet<string>>();
  /** The workflows that it is computed for, outermost first: one may be its own child. */
  readonly #around: readonly string[];

  constructor(
    definition: WorkflowSchemas,
    agents: ReadonlyMap<string, AgentSchemas>,
    workflows: readonly WorkflowSchemas[],
    around: readonly string[] = [],
  ) {
    this.blocks = blocksOf(definition as WorkflowDefinition);
    this.#agents = agents;
    this.#workflows = workflows;
    this.#input = shapeOfStandard(definition.inputSchema, 'output');
    this.#scopes = new Map(this.blocks.flatMap((place) => (place.owner ? [[place.owner.task, place] as const] : [])));
    this.#around = [...around, `${definition.name}@${definition.version}`];
  }

  static of(definition: WorkflowSchemas, { agents = [], workflows = [] }: ValueSources): KnownValues {
    const byName = new Map<string, AgentSchemas>();
    for (const agent of agents) if (!byName.has(agent.name)) byName.set(agent.name, agent);
    return new KnownValues(definition, byName, [...workflows]);
  }

  /** What an agent that is asked for by name says it takes. */
  taken(agent: string): Shape {
    return shapeOfStandard(this.#agents.get(agent)?.inputSchema, 'input');
  }

  /** What a run gives. */
  result(): Shape {
    const [root] = this.blocks;
    return root === undefined ? undefined : this.#ofBlock(root);
  }

  /** What the variables of an expression are. */
  variables(place: Standpoint): Variables {
    return (name) => {
      switch (name) {
        case 'input':
          return this.#input;
        case 'outputs':
          return [{ kind: 'object', names: [], member: (id) => this.#seen(id, place) }];
        case 'runId':
          return STRING;
        case 'round':
        case 'index':
          return NUMBER;
        case 'item':
          return this.#item(place);
        case 'output':
          return this.#given(place);
        case 'block':
          return this.#block(place);
        case 'error':
          return ERROR;
        case 'message':
          return MESSAGE;
        default:
          return undefined;
      }
    };
  }

  /** What an expression gives. */
  valueOf(expression: Expression | undefined, place: Standpoint): Shape {
    if (expression === undefined || expression.kind === 'function') return undefined;
    const variables = this.variables(place);
    return expression.kind === 'cel'
      ? shapeOfSource(expression.source, variables)
      : shapeOfTemplate(expression.template, variables);
  }

  /** What a task is handed. */
  handed(task: TaskDefinition, group: TaskGroup): Shape {
    const place: Standpoint = { block: group.block, of: { group, task }, slot: ['input'] };
    if (task.input !== undefined) return this.valueOf(task.input, place);
    if (task.join !== undefined && task.join !== 'all') return undefined;
    if (task.forEach !== undefined) return this.#item(place);
    const [first, ...more] = task.after;
    if (this.#standInsOf(group).has(task.id)) return undefined;
    if (first === undefined) {
      if (group !== group.block.main) return undefined;
      const { owner } = group.block;
      return owner === undefined ? this.#input : this.handed(owner.task, owner.group);
    }
    if (more.length === 0) return this.#seen(first, place);
    return objectOf(task.after.map((id) => [id, () => this.#seen(id, place)]));
  }

  #standInsOf(group: TaskGroup): ReadonlySet<string> {
    const known = this.#standIns.get(group) ?? new Set(fallbackTasks(group.tasks).keys());
    this.#standIns.set(group, known);
    return known;
  }

  /** The output of a task as an expression sees it. */
  #seen(id: string, { block, of, clause }: Standpoint): Shape {
    const [task, group] = of === undefined ? this.#inBlock(id, block, clause) : this.#before(id, of.group);
    return task === undefined || group === undefined ? undefined : union(this.#output(task, group), NULL);
  }

  #inBlock(id: string, block: BlockPlace, clause: number | undefined): Found {
    const group = block.groups.find(({ known }) => known.has(id));
    if (group === undefined) return block.owner === undefined ? [] : this.#before(id, block.owner.group);
    return group === block.main || group.clause === clause ? [group.known.get(id), group] : [];
  }

  #before(id: string, group: TaskGroup): Found {
    for (let at: TaskGroup | undefined = group; at !== undefined; at = at.block.owner?.group) {
      for (const one of [at, at.block.main]) if (one.known.has(id)) return [one.known.get(id), one];
    }
    return [];
  }

  /** What a task gives, all its items together, or what stands in for it. */
  #output(task: TaskDefinition, group: TaskGroup): Shape {
    let output = this.#outputs.get(task);
    if (output === undefined) {
      const one = once(() => this.#ofOne(task, group));
      const many = task.forEach !== undefined || isEach(task);
      const list = listOf(() => union(one(), NULL));
      output = many ? () => list : one;
      this.#outputs.set(task, output);
    }
    return output();
  }

  /** What a task gives, or one item of it. */
  #ofOne(task: TaskDefinition, group: TaskGroup): Shape {
    // What its agent may do to the run is not known.
    if (mayDoMore(task)) return undefined;
    let shape = this.#performed(task, group);
    for (let { fallback } = task; fallback !== undefined; ) {
      if (fallback.kind === 'value') shape = union(shape, shapeOfJson(fallback.value));
      else if (fallback.kind === 'agent') shape = union(shape, this.#ofAgent(fallback.agent));
      else {
        const standIn = group.known.get(fallback.task);
        shape = standIn === undefined ? undefined : union(shape, this.#output(standIn, group));
      }
      fallback = fallback.kind === 'agent' ? fallback.then : undefined;
    }
    return isForAgents(task) ? this.#orOfCheaper(shape, group) : shape;
  }

  /** Where a budget has nothing left for its agent, a cheaper one may do it. */
  #orOfCheaper(shape: Shape, group: TaskGroup): Shape {
    let all = shape;
    for (let at: BlockPlace | undefined = group.block; at !== undefined; at = at.owner?.group.block) {
      const cheaper = cheaperIn(at.block.budget?.onBudget);
      if (cheaper !== undefined) all = union(all, this.#ofAgent(cheaper));
    }
    return all;
  }

  #performed(task: TaskDefinition, group: TaskGroup): Shape {
    const place: Standpoint = { block: group.block, of: { group, task }, slot: ['set'] };
    if (task.agent !== undefined) return this.#ofAgent(task.agent);
    if (task.set !== undefined) return this.valueOf(task.set, place);
    if (task.sleep !== undefined || task.switch !== undefined) return this.handed(task, group);
    if (task.workflow !== undefined) return this.#ofChild(task.workflow.name, task.workflow.version);
    if (task.end !== undefined) return NULL;
    if (task.send !== undefined)
      return task.send.until === 'replied' ? MESSAGE : task.send.topic === undefined ? SENT : PUBLISHED;
    if (task.wait?.message !== undefined)
      return union(MESSAGE, task.wait.default === undefined ? [] : this.valueOf(task.wait.default, place));
    const scope = task.scope === undefined ? undefined : this.#scopes.get(task);
    return scope === undefined ? undefined : this.#ofBlock(scope);
  }

  #ofAgent(name: string): Shape {
    return shapeOfStandard(this.#agents.get(name)?.outputSchema, 'output');
  }

  #ofChild(name: string, version: string | undefined): Shape {
    const [child, ...others] = this.#workflows.filter(
      (one) => one.name === name && (version === undefined || one.version === version),
    );
    if (child === undefined || others.length > 0 || this.#around.includes(`${child.name}@${child.version}`))
      return undefined;
    return new KnownValues(child, this.#agents, this.#workflows, this.#around).result();
  }

  /** What a block gives: its output, that of an `end` in it, or of a catch that goes on. */
  #ofBlock(place: BlockPlace): Shape {
    const { block, groups, main } = place;
    const clauses = [...(block.catch ?? []).entries()].filter(([, { then }]) => then === 'continue');
    if (clauses.some(([, { output }]) => output === undefined) || groups.some(({ tasks }) => tasks.some(mayDoMore))) {
      return undefined;
    }
    const ends = groups.flatMap((group) =>
      group.tasks.flatMap((task) => {
        if (task.end === undefined) return [];
        const at: Standpoint = { block: place, of: { group, task }, slot: ['end', 'output'] };
        return [task.end.output === undefined ? NULL : this.valueOf(task.end.output, at)];
      }),
    );
    const caught = clauses.map(([clause, { output }]) =>
      this.valueOf(output, { block: place, clause, slot: ['catch', clause, 'output'] }),
    );
    const own =
      block.output === undefined
        ? this.#ofLeaves(main)
        : this.valueOf(block.output, { block: place, slot: ['output'] });
    return union(own, ...ends, ...caught);
  }

  #ofLeaves(main: TaskGroup): Shape {
    const followed = new Set(main.tasks.flatMap(({ after }) => after));
    const standIns = this.#standInsOf(main);
    const leaves = main.tasks.filter(({ id }) => !followed.has(id) && !standIns.has(id));
    const [leaf, ...others] = leaves;
    if (leaf === undefined) return undefined;
    if (others.length === 0) return union(this.#output(leaf, main), NULL);
    return objectOf(leaves.map((one) => [one.id, () => union(this.#output(one, main), NULL)]));
  }

  /** The item of the innermost list around an expression. */
  #item({ block, of, slot }: Standpoint): Shape {
    if (of?.task.forEach !== undefined && !ONCE.has(slot[0])) {
      return this.#items(of.task, of.group);
    }
    if (of !== undefined && isEach(of.task)) return undefined;
    for (let { owner } = block; owner !== undefined; owner = owner.group.block.owner) {
      if (isEach(owner.task)) return undefined;
      if (owner.task.forEach !== undefined) return this.#items(owner.task, owner.group);
    }
    return undefined;
  }

  #items(task: TaskDefinition, group: TaskGroup): Shape {
    const place: Standpoint = { block: group.block, of: { group, task }, slot: ['forEach', 'items'] };
    // Items may be added that are anything.
    return mayDoMore(task) ? undefined : itemOf(this.valueOf(task.forEach?.items, place));
  }

  /** `output`, where a round of a task or of a block has ended. */
  #given({ block, of, slot }: Standpoint): Shape {
    if (of !== undefined && slot[0] === 'repeat') return union(this.#output(of.task, of.group), NULL);
    return of === undefined && slot[0] === 'loop' ? union(this.#ofBlock(block), NULL) : undefined;
  }

  #block({ block: { owner } }: Standpoint): Shape {
    return owner === undefined ? undefined : objectOf([['input', () => this.handed(owner.task, owner.group)]]);
  }
}

type Found = readonly [task?: TaskDefinition | undefined, group?: TaskGroup | undefined];

/** Whether it runs for each of its dependencies. */
const isEach = ({ join }: TaskDefinition): boolean => (join as unknown) === 'each';

/** Whether what its agent adds may change what it, its list, or its block gives. */
const mayDoMore = (task: TaskDefinition): boolean => (task.may?.length ?? 0) > 0;

function shapeOfSource(source: string, variables: Variables): Shape {
  try {
    return shapeOfCel(compile(source).syntax, variables);
  } catch {
    // What is no CEL is told of elsewhere.
    return undefined;
  }
}

function shapeOfTemplate(template: Json, variables: Variables): Shape {
  if (typeof template === 'string') {
    const source = celOf(template);
    return source === undefined ? shapeOfJson(literalOf(template)) : shapeOfSource(source, variables);
  }
  if (template === null || typeof template !== 'object') return shapeOfJson(template);
  if (Array.isArray(template)) {
    return listOf(() => unionOf(template.map((one: Json) => shapeOfTemplate(one, variables))));
  }
  return objectOf(Object.entries(template).map(([key, one]) => [key, () => shapeOfTemplate(one, variables)]));
}

const SENT: Shape = objectOf([['id', () => STRING]]);

const PUBLISHED: Shape = objectOf([
  ['id', () => STRING],
  ['recipients', () => NUMBER],
]);

const MESSAGE: Shape = objectOf([
  ['id', () => STRING],
  ['from', () => STRING],
  ['run', () => STRING],
  ['mailbox', () => STRING],
  ['topic', () => STRING],
  ['data', () => undefined],
  ['performative', () => STRING],
  ['type', () => STRING],
  ['conversation', () => STRING],
  ['inReplyTo', () => STRING],
  ['sentAt', () => NUMBER],
  ['delivery', () => NUMBER],
  ['dead', () => undefined],
]);

/** What a failure is to whoever handles it. */
const ERROR: Shape = objectOf([
  ['code', () => STRING],
  ['message', () => STRING],
  ['status', () => union(STRING, NUMBER)],
  ['details', () => undefined],
  ['cause', () => union(ERROR, NULL)],
]);
