import { didYouMean } from '@reprise/core';
import type { ProjectConfig } from './project-config.ts';

/** A mistake, with its place: ['plugins', 0, 'use']. */
export interface ShapeProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

const KEYS: readonly (keyof ProjectConfig)[] = [
  'store',
  'plugins',
  'workflows',
  'agents',
  'limits',
  'admission',
  'dispatchSecret',
  'projections',
  'clock',
  'ids',
  'random',
];
/** Keys that can be written as text: the first so many. */
const NAMED = 7;
const LISTS = ['plugins', 'workflows', 'agents'] as const;

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What is wrong with the shape of a configuration. `named`: it comes from YAML or JSON, where parts can only be named. */
export function shapeProblems(value: unknown, named: boolean): readonly ShapeProblem[] {
  if (!isRecord(value)) return [{ path: [], message: 'it is not an object.' }];
  const known: readonly string[] = named ? KEYS.slice(0, NAMED) : KEYS;
  const problems: ShapeProblem[] = Object.keys(value)
    .filter((key) => !known.includes(key))
    .map((key) => ({ path: [key], message: `is not known${didYouMean(key, known)} (there are ${known.join(', ')}).` }));
  for (const key of LISTS) problems.push(...listProblems(value[key], key, named));
  problems.push(...storeProblems(value['store']));
  if (value['limits'] !== undefined && !isRecord(value['limits'])) {
    problems.push({ path: ['limits'], message: 'must be an object of numbers.' });
  }
  if (value['admission'] !== undefined && !isRecord(value['admission'])) {
    problems.push({ path: ['admission'], message: 'must be an object of limits.' });
  }
  return problems;
}

function listProblems(list: unknown, key: (typeof LISTS)[number], named: boolean): readonly ShapeProblem[] {
  if (list === undefined || list === null) return [];
  if (!Array.isArray(list)) return [{ path: [key], message: 'must be a list.' }];
  return list.flatMap((entry: unknown, index): readonly ShapeProblem[] => {
    const path = [key, index];
    if (typeof entry === 'string') return entry.trim() === '' ? [{ path, message: 'is empty.' }] : [];
    if (key === 'plugins' && isRecord(entry) && 'use' in entry) return referenceProblems(entry, path);
    if (!named && isRecord(entry)) return [];
    const what = key === 'plugins' ? 'a package name, a module path, or { use, options }' : 'a path';
    return [
      { path, message: `must be ${named ? what : `${what}, or the thing itself`}, not ${JSON.stringify(entry)}.` },
    ];
  });
}

const referenceProblems = (
  entry: Readonly<Record<string, unknown>>,
  path: readonly (string | number)[],
): readonly ShapeProblem[] => [
  ...unknownKeys(entry, ['use', 'export', 'options'], path),
  ...textProblems(entry, ['use', 'export'], path),
];

/** Keys of an object that are not among the `known`. */
export const unknownKeys = (
  entry: Readonly<Record<string, unknown>>,
  known: readonly string[],
  path: readonly (string | number)[],
): readonly ShapeProblem[] =>
  Object.keys(entry)
    .filter((key) => !known.includes(key))
    .map((key) => ({
      path: [...path, key],
      message: `is not known${didYouMean(key, known)} (there ${known.length === 1 ? 'is' : 'are'} ${known.join(', ')}).`,
    }));

/** Those of `keys` that are there and no text. */
export const textProblems = (
  entry: Readonly<Record<string, unknown>>,
  keys: readonly string[],
  path: readonly (string | number)[],
): readonly ShapeProblem[] =>
  keys
    .filter((key) => entry[key] !== undefined && (typeof entry[key] !== 'string' || entry[key] === ''))
    .map((key) => ({ path: [...path, key], message: 'must be text.' }));

function storeProblems(store: unknown): readonly ShapeProblem[] {
  if (store === undefined || store === null) return [];
  if (!isRecord(store)) return [{ path: ['store'], message: 'must be { path: … }.' }];
  const problems: ShapeProblem[] = Object.keys(store)
    .filter((key) => key !== 'path')
    .map((key) => ({ path: ['store', key], message: 'is not known (there is path).' }));
  if (typeof store['path'] !== 'string' || store['path'] === '') {
    problems.push({ path: ['store', 'path'], message: 'must be the name of a file.' });
  }
  return problems;
}
