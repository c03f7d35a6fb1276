import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseSync, type TsTypeElement } from '@swc/core';

export interface Field {
  readonly name: string;
  readonly type: string;
  readonly optional: boolean;
}

/** The interfaces of a source file by name, and the members of its union types, as their source says them. */
export interface SourceTypes {
  readonly interfaces: ReadonlyMap<string, readonly Field[]>;
  readonly unions: ReadonlyMap<string, readonly string[]>;
}

export const pathOf = (relative: string): string => fileURLToPath(new URL(`../../../${relative}`, import.meta.url));

export const readSourceTypes = (relative: string): SourceTypes => sourceTypes(readFileSync(pathOf(relative), 'utf8'));

/** `text` begins with a statement: swc counts bytes from the first one. */
export function sourceTypes(text: string): SourceTypes {
  const bytes = Buffer.from(text);
  const { body, span: whole } = parseSync(text, { syntax: 'typescript' });
  const at = ({ start, end }: { start: number; end: number }): string =>
    bytes.subarray(start - whole.start, end - whole.start).toString();
  const fieldOf = (member: TsTypeElement): Field => {
    if (member.type !== 'TsPropertySignature' || member.typeAnnotation == null || member.key.type !== 'Identifier')
      throw new Error(`An event has a member that is no field: ${at(member.span)}`);
    const type = at(member.typeAnnotation.typeAnnotation.span);
    return { name: member.key.value, type: normalise(type), optional: member.optional };
  };
  const interfaces = new Map<string, readonly Field[]>();
  const unions = new Map<string, readonly string[]>();
  for (const item of body) {
    const declaration = item.type === 'ExportDeclaration' ? item.declaration : item;
    if (declaration.type === 'TsInterfaceDeclaration') {
      const bases = declaration.extends.flatMap(({ expression, span }) => {
        const base = expression.type === 'Identifier' ? interfaces.get(expression.value) : undefined;
        if (base === undefined) throw new Error(`An interface extends what is not above it: ${at(span)}`);
        return base;
      });
      interfaces.set(declaration.id.value, [...bases, ...declaration.body.body.map(fieldOf)]);
    } else if (declaration.type === 'TsTypeAliasDeclaration' && declaration.typeAnnotation.type === 'TsUnionType') {
      const members = declaration.typeAnnotation.types.map(({ span }) => normalise(at(span)));
      unions.set(declaration.id.value, members);
    }
  }
  return { interfaces, unions };
}

/** A type as the page says it: one line, without `readonly`. */
export const normalise = (type: string): string =>
  type
    .replace(/\breadonly\s+/g, '')
    .replace(/\s+/g, ' ')
    .replace(/^\| /, '')
    .trim();
