import { readFileSync } from 'node:fs';
import { parseSync, type TsTypeElement } from '@swc/core';

export interface Field {
  /** With a question mark when it may be left out. */
  readonly name: string;
  /** The type as it is written. */
  readonly type: string;
}

export interface Interface {
  readonly extends: readonly string[];
  readonly fields: readonly Field[];
}

/** The interfaces of a TypeScript file with their fields as they are written, by name. */
export function interfacesOf(file: string): ReadonlyMap<string, Interface> {
  const bytes = readFileSync(file);
  // Places in the syntax tree are in bytes, and go on from one parse to the next: a semicolon in front tells where this one began.
  const source = Buffer.concat([Buffer.from(';'), bytes]);
  const { body } = parseSync(source.toString('utf8'), { syntax: 'typescript' });
  const origin = body[0]?.span.start ?? 0;
  const textOf = ({ start, end }: { start: number; end: number }): string =>
    source
      .subarray(start - origin, end - origin)
      .toString('utf8')
      .replace(/\s+/g, ' ')
      .trim();
  const fieldOf = (member: TsTypeElement): Field[] => {
    if (member.type !== 'TsPropertySignature' || member.key.type !== 'Identifier') return [];
    const type = member.typeAnnotation === undefined ? '' : textOf(member.typeAnnotation.typeAnnotation.span);
    return [{ name: `${member.key.value}${member.optional ? '?' : ''}`, type: type.replace(/^\| /, '') }];
  };
  const found = new Map<string, Interface>();
  for (const item of body) {
    const declared = item.type === 'ExportDeclaration' ? item.declaration : item;
    if (declared.type !== 'TsInterfaceDeclaration') continue;
    const parents = declared.extends.map(({ expression }) =>
      expression.type === 'Identifier' ? expression.value : '',
    );
    found.set(declared.id.value, { extends: parents, fields: declared.body.body.flatMap(fieldOf) });
  }
  return found;
}
