import type { Json } from '@reprise/core';
import fc from 'fast-check';

export type Mutable = Record<string, unknown>;

/** A place in JSON, chosen by throwing dice at every level. */
function placeIn(root: Json[], dice: readonly number[]): { readonly holder: Mutable; readonly key: string } {
  let holder = root as unknown as Mutable;
  let key = '0';
  for (const throwOf of dice) {
    const keys = Object.keys(holder);
    if (keys.length === 0) break;
    key = keys[throwOf % keys.length] ?? key;
    const inner = holder[key];
    if (typeof inner !== 'object' || inner === null || throwOf % 5 === 4) break;
    holder = inner as Mutable;
  }
  return { holder, key: Object.keys(holder).includes(key) ? key : (Object.keys(holder)[0] ?? key) };
}

const nasty: readonly unknown[] = [
  null,
  true,
  '',
  'x',
  '\u001b[2J',
  '\u202e',
  '\u2028',
  '\ud800',
  '__proto__',
  'constructor',
  '../../etc',
  0,
  1,
  2,
  -1,
  1.5,
  1e9,
  9e15,
  1e300,
  [],
  {},
  [[]],
  ['first'],
  { kind: 'cel', source: 'true' },
  { kind: 'task', task: 'first' },
];

type Change = (events: Json[]) => Json[];

const dice = fc.array(fc.nat(1000), { minLength: 1, maxLength: 8 });

const replaced: fc.Arbitrary<Change> = fc
  .tuple(dice, fc.oneof(fc.constantFrom(...nasty), fc.jsonValue(), fc.string(), fc.integer()))
  .map(([thrown, value]) => (events) => {
    const { holder, key } = placeIn(events, thrown);
    holder[key] = structuredClone(value);
    return events;
  });

const dropped: fc.Arbitrary<Change> = dice.map((thrown) => (events) => {
  const { holder, key } = placeIn(events, thrown);
  if (Array.isArray(holder)) holder.splice(Number(key), 1);
  else delete holder[key];
  return events;
});

const added: fc.Arbitrary<Change> = fc
  .tuple(dice, fc.string(), fc.jsonValue())
  .map(([thrown, name, value]) => (events) => {
    const { holder } = placeIn(events, thrown);
    if (Array.isArray(holder)) holder.push(value);
    else if (name !== '__proto__') holder[name] = value;
    return events;
  });

const truncated: fc.Arbitrary<Change> = fc.nat(40).map((length) => (events) => events.slice(0, length));

const swapped: fc.Arbitrary<Change> = fc
  .tuple(fc.nat(40), fc.nat(40), fc.boolean())
  .map(([a, b, renumber]) => (events) => {
    const [from, to] = [a % events.length, b % events.length];
    [events[from], events[to]] = [events[to] as Json, events[from] as Json];
    if (renumber)
      for (const [revision, event] of events.entries())
        if (event !== null && typeof event === 'object') (event as Mutable)['revision'] = revision;
    return events;
  });

/** One to three changes of a history: a field dropped, replaced, of another type, or new, at any depth; events cut off or swapped. */
export const mutations: fc.Arbitrary<Change> = fc
  .array(fc.oneof({ weight: 5, arbitrary: replaced }, { weight: 3, arbitrary: dropped }, added, truncated, swapped), {
    minLength: 1,
    maxLength: 3,
  })
  .map((changes) => (events) => changes.reduce((changed, change) => change(changed), events));
