import type { Json } from '@reprise/core';
import { type Field, normalise } from './event-types.ts';

/** A section of the page, from its `###` heading on. */
export interface Section {
  readonly title: string;
  /** The first paragraph. */
  readonly meaning: string;
  readonly version: number | undefined;
  readonly terminal: boolean;
  readonly fields: readonly (Field & { readonly meaning: string })[];
  readonly example: Json | undefined;
}

export function readSections(page: string): ReadonlyMap<string, Section> {
  const parts = page.split(/^(?=#{1,3} )/m).filter((part) => part.startsWith('### '));
  return new Map(parts.map(readSection).map((section) => [section.title, section]));
}

function readSection(text: string): Section {
  const title = /^### (\S+)$/m.exec(text)?.[1] ?? '';
  const paragraphs = text.split(/\n{2,}/);
  const [, version, terminal] = /^Version (\d+)\.( Terminal\.)?$/m.exec(text) ?? [];
  const example = /^```json\n([\s\S]*?)^```$/m.exec(text)?.[1];
  const items = paragraphs.find((paragraph) => paragraph.startsWith('- '));
  return {
    title,
    meaning: paragraphs[1] ?? '',
    version: version === undefined ? undefined : Number(version),
    terminal: terminal !== undefined,
    fields: items === undefined ? [] : items.split(/\n(?=- )/).map(readField),
    example: example === undefined ? undefined : (JSON.parse(example) as Json),
  };
}

/** "- `name?: type`: meaning", over one line or several. */
function readField(item: string): Section['fields'][number] {
  const [, name, question, type, meaning] =
    /^- `(\w+)(\?)?: ([^`]+)`:\s+(\S.*)$/.exec(item.replace(/\s+/g, ' ').trim()) ?? [];
  if (name === undefined || type === undefined || meaning === undefined) throw new Error(`This is no field: ${item}`);
  return { name, type: normalise(type), optional: question !== undefined, meaning };
}
