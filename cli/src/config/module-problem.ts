import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { didYouMean, frameText, userFrame } from '@reprise/core';
import { commonJsHint } from './commonjs-hint.ts';
import { textOf } from './package-type.ts';

/** What is wrong with a module that could not be loaded. */
export interface ModuleProblem {
  /** What happened, and where: sentences. */
  readonly text: string;
  /** What to do. */
  readonly fix: string;
}

/** Why a module could not be loaded, where in the user's code, and for common causes the way out. */
export function moduleProblem(error: unknown): ModuleProblem {
  const said = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const place = placeOf(error);
  const text = place === undefined ? said.replace(/\.$/, '') : `${said.replace(/\.$/, '')}, ${place}`;
  const known = commonJsHint(error).trim() || wayOut(error, place);
  return {
    text: known === undefined ? `${text}.` : `${text}. ${known}`,
    fix: place === undefined ? 'Mend the module, or what it imports.' : `Mend the code ${place}.`,
  };
}

/** Node puts the line before the stack when a module cannot be read or linked; else the first frame of the user's own says it. */
function placeOf(error: unknown): string | undefined {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const [, file, line, code = '', mark = ''] =
    /^(file:\/\/\S+|\/\S.*|[A-Za-z]:\\.*):(\d+)\n((?:.*\n){1,8}?)(\s*)\^/.exec(stack) ?? [];
  // Of several lines it is not said which one is meant.
  const column = code.split('\n').length > 2 ? '' : `:${mark.length + 1}`;
  if (file !== undefined) return `at ${pathOf(file)}:${line}${column}`;
  const frame = userFrame(stack);
  return frame === undefined ? undefined : frameText(frame, (path) => path);
}

function pathOf(place: string): string {
  try {
    return place.startsWith('file:') ? fileURLToPath(place) : place;
  } catch {
    return place;
  }
}

function wayOut(error: unknown, place: string | undefined): string | undefined {
  const { code, message = '' } = (error ?? {}) as { readonly code?: unknown; readonly message?: string };
  if (code === 'ERR_MODULE_NOT_FOUND') {
    return / package /i.test(message)
      ? 'Install the package, or correct its name.'
      : 'Imports of your own files need the whole name, with its extension (./agents.ts).';
  }
  if (code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX')
    return 'Node only strips types: use no enum, no namespace and no parameter property.';
  const [, module, name] = /module '(.+)' does not provide an export named '(.+)'/.exec(message) ?? [];
  if (module !== undefined && name !== undefined) {
    const from = /^at (.+?):\d+(?::\d+)?$/.exec(place ?? '')?.[1];
    const names = from === undefined || !module.startsWith('.') ? [] : exportsIn(resolve(dirname(from), module));
    const there = names.length === 0 ? '' : ` (it has ${names.join(', ')}${didYouMean(name, names)})`;
    return `Correct the name${there}, or export it there.`;
  }
  if (/^Cannot access '.+' before initialization$/.test(message))
    return 'It is used before it is made: above its own line, or by two modules that import each other (a circle). Move what both need into a third one.';
  return undefined;
}

/** The names that the text of a module exports, as far as they are easy to see. */
function exportsIn(file: string): readonly string[] {
  const text = textOf(file) ?? '';
  const declared = text.matchAll(/^export\s+(?:async\s+)?(?:const|let|function\*?|class)\s+([\w$]+)/gm);
  const listed = [...text.matchAll(/^export\s*\{([^}]*)\}/gm)].flatMap(([, names = '']) => names.split(','));
  const renamed = listed.map(
    (one) =>
      one
        .trim()
        .split(/\s+as\s+/)
        .at(-1) ?? '',
  );
  return [...Array.from(declared, ([, name = '']) => name), ...renamed].filter((name) => /^[\w$]+$/.test(name));
}
