import type { Reference, Source } from '@reprise/core';
import { briefJson, clip, plain } from './text.ts';

/** Where a value is from, on one line: `the output of audit at #12, .files[0]`. */
export const describeSource = (source: Source, width: number): string => clip(plain(textOf(source, width)), width);

function textOf(source: Source, width: number): string {
  if ('value' in source) return briefJson(source.value, width);
  if ('of' in source) return referenceText(source);
  if ('list' in source) return `[${source.list.map((one) => textOf(one, width)).join(', ')}]`;
  const fields = Object.entries(source.fields).map(([key, one]) => `${key}: ${textOf(one, width)}`);
  return `{ ${fields.join(', ')} }`;
}

function referenceText({ revision, of, task, path = [] }: Reference): string {
  const [first, ...others] = path;
  if (of === 'undone') return `the ${first ?? 'input and output'} of what it undoes${placeText(others)}`;
  if (of === 'items') return `item ${first ?? ''} of ${task} at #${revision}${placeText(others)}`;
  return `${task === '' ? "the run's input" : `the ${of} of ${task} at #${revision}`}${placeText(path)}`;
}

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** As it would stand in CEL. */
function placeText(path: readonly (string | number)[]): string {
  if (path.length === 0) return '';
  const keys = path.map((key) =>
    typeof key === 'string' && IDENTIFIER.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`,
  );
  return `, ${keys.join('')}`;
}
