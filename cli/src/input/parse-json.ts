import { formatPath, type Json, numberProblem } from '@reprise/core';

/** Something that is JSON and yet would not be read as it is written. */
export interface JsonProblem {
  readonly line: number;
  readonly column: number;
  /** `orders[2].id` */
  readonly path: string;
  readonly message: string;
}

/** What is open at a place of the text: a list with the index of its next member, or an object with its keys so far. */
type Open = { index: number } | { readonly keys: Set<string>; key: string | undefined };

/** Problems that are looked for. */
const MAX_PROBLEMS = 20;

/**
 * Reads JSON as JSON.parse does, and says what that would silently change: whole numbers that a double does not hold
 * exactly, numbers without a finite value, keys given twice (the first 20 of them). Throws what JSON.parse throws.
 */
export function parseJson(text: string): { readonly value: Json; readonly problems: readonly JsonProblem[] } {
  const value = JSON.parse(text) as Json;
  const problems: JsonProblem[] = [];
  const open: Open[] = [];
  // The text is JSON by now, so its tokens tell where they stand; literals such as true, colons and spaces do not matter.
  for (let offset = 0; offset < text.length && problems.length < MAX_PROBLEMS; offset += 1) {
    const char = text.charAt(offset);
    const top = open.at(-1);
    let message: string | undefined;
    let end = offset;
    if (char === '{') open.push({ keys: new Set(), key: undefined });
    else if (char === '[') open.push({ index: 0 });
    else if (char === '}' || char === ']') open.pop();
    else if (char === ',') next(top);
    else if (char === '"') {
      end = endOfText(text, offset);
      message = keyProblem(top, text.slice(offset, end + 1));
    } else if (char === '-' || isDigit(char)) {
      end = endOfNumber(text, offset);
      const source = text.slice(offset, end + 1);
      message = numberProblem(source, Number(source));
    }
    if (message !== undefined) problems.push({ ...place(text, offset), path: formatPath(pathOf(open)), message });
    offset = end;
  }
  return { value, problems };
}

function next(top: Open | undefined): void {
  if (top === undefined) return;
  if ('index' in top) top.index += 1;
  else top.key = undefined;
}

/** Takes note of a text that is a key. */
function keyProblem(top: Open | undefined, token: string): string | undefined {
  if (top === undefined || 'index' in top || top.key !== undefined) return undefined;
  top.key = JSON.parse(token) as string;
  if (top.keys.has(top.key)) return 'this key is there twice';
  top.keys.add(top.key);
  return undefined;
}

/** Where the closing quotes of the text that begins at `start` are. */
function endOfText(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); ; end = text.indexOf('"', end + 1)) {
    let before = end - 1;
    while (text[before] === '\\') before -= 1;
    if ((end - 1 - before) % 2 === 0) return end;
  }
}

function endOfNumber(text: string, start: number): number {
  let end = start;
  while (end + 1 < text.length && /[-+.\deE]/.test(text.charAt(end + 1))) end += 1;
  return end;
}

const isDigit = (char: string): boolean => char >= '0' && char <= '9';

function place(text: string, offset: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, offset);
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') };
}

const pathOf = (open: readonly Open[]): readonly (string | number)[] =>
  open.flatMap((one): readonly (string | number)[] => {
    if ('index' in one) return [one.index];
    return one.key === undefined ? [] : [one.key];
  });
