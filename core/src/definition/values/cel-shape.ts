import type { ASTNode } from '@marcbachmann/cel-js';
import { MACROS } from '../cel/environment.ts';
import { didYouMean } from '../did-you-mean.ts';
import {
  BOOLEAN,
  itemOf,
  listOf,
  memberOf,
  NONE,
  NULL,
  NUMBER,
  objectOf,
  type Shape,
  STRING,
  union,
  unionOf,
} from './shape.ts';

/** What the variables of an expression are. */
export type Variables = (name: string) => Shape;

type Complain = (message: string) => void;

/**
 * What an expression gives, as far as that is known. `complain` is told of every member that is read and never there. What `has()` or `in` ask for in
 * the same expression may be missing; and dyn() makes anything of a value.
 */
export function shapeOfCel(root: ASTNode, variables: Variables, complain?: Complain): Shape {
  return new CelShapes(root, complain).shapeOf(root, variables);
}

const RESULTS: Readonly<Record<string, Shape>> = {
  size: NUMBER,
  indexOf: NUMBER,
  lastIndexOf: NUMBER,
  int: NUMBER,
  double: NUMBER,
  string: STRING,
  bool: BOOLEAN,
  contains: BOOLEAN,
  startsWith: BOOLEAN,
  endsWith: BOOLEAN,
  matches: BOOLEAN,
  all: BOOLEAN,
  exists: BOOLEAN,
  exists_one: BOOLEAN,
  lowerAscii: STRING,
  upperAscii: STRING,
  trim: STRING,
  substring: STRING,
  join: STRING,
  split: listOf(() => STRING),
};

class CelShapes {
  readonly #asked = new Set<string>();
  readonly #complain: Complain | undefined;

  constructor(root: ASTNode, complain: Complain | undefined) {
    this.#complain = complain;
    if (complain !== undefined) this.#noteAsked(root);
  }

  shapeOf(node: ASTNode, variables: Variables): Shape {
    switch (node.op) {
      case 'value':
        return shapeOfLiteral(node.args);
      case 'id':
        return variables(node.args);
      case '.':
        return this.#member(node, node.args[0], node.args[1], variables);
      case '[]':
        return this.#element(node, node.args, variables);
      case '?:': {
        const [condition, then, otherwise] = node.args;
        this.shapeOf(condition, variables);
        return union(this.shapeOf(then, variables), this.shapeOf(otherwise, variables));
      }
      case 'list': {
        const items = node.args.map((one) => this.shapeOf(one, variables));
        return listOf(() => unionOf(items));
      }
      case 'map':
        return this.#object(node.args, variables);
      case 'call': {
        const [name, operands] = node.args;
        if (name === 'has') return BOOLEAN;
        for (const operand of operands) this.shapeOf(operand, variables);
        return name === 'dyn' ? undefined : RESULTS[name];
      }
      case 'rcall':
        return this.#call(node.args, variables);
      default:
        return this.#operator(node, variables);
    }
  }

  #member(node: ASTNode, object: ASTNode, name: string, variables: Variables): Shape {
    const shape = this.shapeOf(object, variables);
    const member = memberOf(shape, name);
    if (member !== NONE) return member;
    const path = pathOf(node);
    if (path === undefined || !this.#asked.has(path)) this.#complain?.(missing(textOf(object), shape, name));
    return undefined;
  }

  #element(node: ASTNode, [object, key]: readonly [ASTNode, ASTNode], variables: Variables): Shape {
    if (key.op === 'value' && typeof key.args === 'string') return this.#member(node, object, key.args, variables);
    this.shapeOf(key, variables);
    return itemOf(this.shapeOf(object, variables));
  }

  #object(entries: readonly (readonly [ASTNode, ASTNode])[], variables: Variables): Shape {
    const members = new Map<string, () => Shape>();
    let known = true;
    for (const [key, value] of entries) {
      const shape = this.shapeOf(value, variables);
      if (key.op === 'value' && typeof key.args === 'string') members.set(key.args, () => shape);
      else known = false;
    }
    return known ? objectOf(members) : undefined;
  }

  #call([method, receiver, operands]: readonly [string, ASTNode, readonly ASTNode[]], variables: Variables): Shape {
    const shape = this.shapeOf(receiver, variables);
    const [first, ...others] = operands;
    if (!MACROS.has(method) || first?.op !== 'id') {
      for (const operand of operands) this.shapeOf(operand, variables);
      return RESULTS[method];
    }
    const bound = first.args;
    const item = itemOf(shape);
    const inner: Variables = (name) => (name === bound ? item : variables(name));
    const results = others.map((one) => this.shapeOf(one, inner));
    if (method === 'map') return listOf(() => results.at(-1));
    return method === 'filter' ? (item === undefined ? undefined : listOf(() => item)) : RESULTS[method];
  }

  #operator(node: ASTNode, variables: Variables): Shape {
    const operands = (Array.isArray(node.args) ? node.args : [node.args]).filter(isNode);
    const shapes = operands.map((one) => this.shapeOf(one, variables));
    if (['==', '!=', '<', '<=', '>', '>=', '&&', '||', '!_', 'in'].includes(node.op)) return BOOLEAN;
    const kinds = new Set(shapes.flatMap((shape) => shape?.map(({ kind }) => kind) ?? ['anything']));
    const [kind] = kinds;
    if (kinds.size !== 1) return undefined;
    return kind === 'number' ? NUMBER : kind === 'string' && node.op === '+' ? STRING : undefined;
  }

  /** What the expression asks for before it reads it. */
  #noteAsked(node: unknown): void {
    if (Array.isArray(node)) for (const one of node) this.#noteAsked(one);
    if (!isNode(node)) return;
    if (node.op === 'call' && node.args[0] === 'has') {
      const path = node.args[1][0] === undefined ? undefined : pathOf(node.args[1][0]);
      if (path !== undefined) this.#asked.add(path);
    }
    if (node.op === 'in') {
      const [name, object] = node.args;
      const path = pathOf(object);
      if (name.op === 'value' && path !== undefined) this.#asked.add(`${path}.${String(name.args)}`);
    }
    this.#noteAsked(node.args);
  }
}

const isNode = (value: unknown): value is ASTNode =>
  typeof value === 'object' && value !== null && 'op' in value && 'args' in value;

function shapeOfLiteral(value: unknown): Shape {
  if (value === null) return NULL;
  if (typeof value === 'string') return STRING;
  if (typeof value === 'boolean') return BOOLEAN;
  return typeof value === 'number' || typeof value === 'bigint' ? NUMBER : undefined;
}

/** `a.b["c"]` as `a.b.c`; undefined for what is computed. */
function pathOf(node: ASTNode): string | undefined {
  if (node.op === 'id') return node.args;
  if (node.op !== '.' && node.op !== '[]') return undefined;
  const [object, key] = node.args;
  const name = typeof key === 'string' ? key : key.op === 'value' ? String(key.args) : undefined;
  const path = name === undefined ? undefined : pathOf(object);
  return path === undefined ? undefined : `${path}.${name}`;
}

const textOf = ({ input, start, end }: ASTNode): string => {
  const text = input.slice(start, end);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
};

/** Members that are listed. */
const LISTED = 20;

function missing(object: string, shape: Shape, name: string): string {
  const names = [...new Set((shape ?? []).flatMap((form) => (form.kind === 'object' ? form.names : [])))];
  const kinds = new Set((shape ?? []).map(({ kind }) => kind));
  if (!kinds.has('object'))
    return `${object} is ${[...kinds].map((kind) => WORDS[kind]).join(' or ')}, which has no '${name}'`;
  const list = names.length === 0 ? 'it has nothing' : `it has: ${names.slice(0, LISTED).join(', ')}`;
  return `${object} has no '${name}'${didYouMean(name, names)} (${list})`;
}

const WORDS = {
  null: 'null',
  boolean: 'true or false',
  number: 'a number',
  string: 'a text',
  list: 'a list',
  object: 'an object',
} as const;
