import type { Json } from '../../shared/json.ts';

/** What is known of a value before it is there: that it has one of these forms. Undefined: anything. */
export type Shape = readonly Form[] | undefined;

export type Form = PlainForm | ListForm | ObjectForm;

export interface PlainForm {
  readonly kind: 'null' | 'boolean' | 'number' | 'string';
}

export interface ListForm {
  readonly kind: 'list';
  item(): Shape;
}

export interface ObjectForm {
  readonly kind: 'object';
  /** NONE: an object of this form never has it. */
  member(name: string): Shape | typeof NONE;
  /** Those that are known by name. */
  readonly names: readonly string[];
  /** Of what is handed over: members that have to be there, and whether others are not looked at. */
  readonly required?: readonly string[];
  readonly plain?: boolean;
}

export const NONE = Symbol('none');

export const NULL: Shape = [{ kind: 'null' }];
export const BOOLEAN: Shape = [{ kind: 'boolean' }];
export const NUMBER: Shape = [{ kind: 'number' }];
export const STRING: Shape = [{ kind: 'string' }];

/** Forms of one value that are told apart; of more, nothing is known. */
const MAX_FORMS = 64;

/** A value that has one of these shapes. */
export const union = (...shapes: readonly Shape[]): Shape => unionOf(shapes);

export function unionOf(shapes: Iterable<Shape>): Shape {
  const forms: Form[] = [];
  for (const shape of shapes) {
    if (shape === undefined) return undefined;
    for (const form of shape) {
      if (form.kind === 'list' || form.kind === 'object' || forms.every(({ kind }) => kind !== form.kind))
        forms.push(form);
    }
    if (forms.length > MAX_FORMS) return undefined;
  }
  return forms;
}

/** Values that follow from others one after the other: what lies further is not looked at. */
const MAX_DEPTH = 100;
let depth = 0;

/** Computes a shape when it is first asked for, and once. What turns out to need itself, or lies too deep, is anything. */
export function once(compute: () => Shape): () => Shape {
  let known: { readonly shape: Shape } | undefined;
  return () => {
    if (known !== undefined || depth >= MAX_DEPTH) return known?.shape;
    known = { shape: undefined };
    depth += 1;
    try {
      const shape = compute();
      known = { shape };
      return shape;
    } finally {
      depth -= 1;
    }
  };
}

export const listOf = (item: () => Shape): Shape => [{ kind: 'list', item: once(item) }];

/** An object that has these members, and no others. */
export function objectOf(members: Iterable<readonly [string, () => Shape]>): Shape {
  const known = new Map<string, () => Shape>();
  for (const [name, member] of members) known.set(name, once(member));
  return [
    {
      kind: 'object',
      names: [...known.keys()],
      member: (name) => known.get(name)?.() ?? (known.has(name) ? undefined : NONE),
    },
  ];
}

export function shapeOfJson(value: Json): Shape {
  if (value === null) return NULL;
  if (typeof value === 'boolean') return BOOLEAN;
  if (typeof value === 'number') return NUMBER;
  if (typeof value === 'string') return STRING;
  if (Array.isArray(value)) return listOf(() => unionOf(value.map((member: Json) => shapeOfJson(member))));
  return objectOf(Object.entries(value).map(([key, member]) => [key, () => shapeOfJson(member)]));
}

/** What an item of it is; undefined when it may be something else than a list. */
export function itemOf(shape: Shape): Shape {
  const items: Shape[] = [];
  for (const form of shape ?? []) {
    if (form.kind === 'list') items.push(form.item());
    else if (form.kind !== 'null') return undefined;
  }
  return items.length === 0 ? undefined : unionOf(items);
}

/** The member of a value, or NONE when, whatever its form, there is none. */
export function memberOf(shape: Shape, name: string): Shape | typeof NONE {
  // Of nothing at all (an item of an empty list) nothing is said.
  if (shape === undefined || shape.length === 0) return undefined;
  const found: Shape[] = [];
  for (const form of shape) {
    const member = form.kind === 'object' ? form.member(name) : NONE;
    if (member !== NONE) found.push(member);
  }
  return found.length === 0 ? NONE : unionOf(found);
}
