import { basename, dirname, extname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nearestPackage, textOf } from './package-type.ts';

/** What Node says of a module that it took for CommonJS, as `npm init -y` has it. */
const NO_MODULE =
  /^(?:Cannot use import statement outside a module|Cannot use 'import\.meta'|Unexpected token 'export')/;
const NO_EXPORT = /requested module '(?<asked>\.{1,2}\/[^']+)'/;
const ESM_SYNTAX = /^\s*(?:import\b|export\b)/m;
const MODULE_EXTENSION: Readonly<Record<string, string>> = { '.ts': '.mts', '.js': '.mjs' };

/** The way out when a module is written with `import` and `export`, but its package says that it is CommonJS; else ''. */
export function commonJsHint(error: unknown): string {
  if (!(error instanceof SyntaxError)) return '';
  const place = placeOf(error);
  const asked = NO_EXPORT.exec(error.message)?.groups?.['asked'];
  if (place === undefined || (asked === undefined && !NO_MODULE.test(error.message))) return '';
  const file = asked === undefined ? place : resolve(dirname(place), asked);
  const extension = MODULE_EXTENSION[extname(file)];
  const owner = nearestPackage(dirname(file));
  if (extension === undefined || owner?.type !== 'commonjs' || !ESM_SYNTAX.test(textOf(file) ?? '')) return '';
  const renamed = `${basename(file, extname(file))}${extension}`;
  return (
    ` ${file} is written as a module, but ${owner.file} says "type": "commonjs". Either say "type": "module" there` +
    ` (npm pkg set type=module), or name the file ${renamed}, and every module that it imports likewise.`
  );
}

/** Where Node found it: the first line of the stack is `file:line`. */
function placeOf(error: Error): string | undefined {
  const place = /^(?<file>.+):\d+$/.exec(error.stack?.split('\n', 1)[0] ?? '')?.groups?.['file'];
  return place?.startsWith('file:') === true ? fileURLToPath(place) : place;
}
