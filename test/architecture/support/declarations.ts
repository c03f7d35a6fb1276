import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './tools.ts';

// Names that a source declares, as the formatter writes them. What is asked for and is not there is an error: a list that is empty would hold.

const read = (path: string): string =>
  readFileSync(join(ROOT, path), 'utf8')
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/^\s*\/\/.*$/gm, '');

/** What a module hands on by `export { … } from` and `export type { … } from`. */
export const exportsOf = (path: string): readonly string[] =>
  [...read(path).matchAll(/export (?:type )?\{([^}]*)\}/g)].flatMap(([, names = '']) =>
    names
      .split(',')
      .map((name) => name.trim().replace(/^type /, ''))
      .filter((name) => name !== ''),
  );

/** The text of an interface, a class or a type: up to what is declared next. */
export function declarationOf(path: string, name: string): string {
  const text = read(path);
  const start = new RegExp(`^(?:export )?(?:interface|class|type) ${name}\\b`, 'm').exec(text);
  if (start === null) throw new Error(`${path} declares no ${name}.`);
  const rest = text.slice(start.index);
  const next = rest.slice(1).search(/^(?:export |const |function |async |class |interface |type |import )/m);
  return next === -1 ? rest : rest.slice(0, next + 1);
}

/** The members that it declares, those of objects inside it, too: properties and public methods. */
export function membersOf(path: string, name: string): readonly string[] {
  const text = declarationOf(path, name);
  const properties = [...text.matchAll(/readonly '?(\w+)'?\??:/g)];
  const methods = [...text.matchAll(/^ {2}(?:async |get )?\*?(\w+)\??(?:<[^\n]*)?(?:\(|<$)/gm)];
  const found = [...properties, ...methods]
    .map(([, member = '']) => member)
    .filter((member) => member !== 'constructor');
  if (found.length === 0) throw new Error(`No member of ${name} was found in ${path}.`);
  return [...new Set(found)];
}
