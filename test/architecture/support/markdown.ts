import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './tools.ts';

/** A fenced block. `line` is that of its first fence, from 1. */
export interface Block {
  readonly language: string;
  readonly text: string;
  readonly line: number;
}

export interface Link {
  readonly target: string;
  readonly line: number;
}

/** A page of documentation, taken apart. */
export interface Page {
  /** Relative to the root of the repository. */
  readonly path: string;
  readonly blocks: readonly Block[];
  /** The lines outside fenced blocks, those inside as empty ones: a line keeps its number. */
  readonly prose: readonly string[];
  readonly links: readonly Link[];
  readonly anchors: ReadonlySet<string>;
}

const PAGES = [
  '*.md',
  'docs/**/*.md',
  'core/*.md',
  'cli/*.md',
  'cli/create-reprise/*.md',
  'plugins/*/*.md',
  'test/conformance/*.md',
];

/** Every page of the repository that a reader may open. */
export function readPages(): readonly Page[] {
  const exclude = (path: string): boolean => path.includes('node_modules') || path.includes('.reprise');
  const paths = PAGES.flatMap((pattern) => globSync(pattern, { cwd: ROOT, exclude }));
  return [...new Set(paths)].sort().map((path) => parsePage(path, readFileSync(join(ROOT, path), 'utf8')));
}

export function parsePage(path: string, text: string): Page {
  const { blocks, prose } = splitBlocks(text);
  return { path, blocks, prose, links: linksIn(prose), anchors: anchorsIn(prose) };
}

function splitBlocks(text: string): Pick<Page, 'blocks' | 'prose'> {
  const blocks: Block[] = [];
  const prose: string[] = [];
  let open: { fence: string; indent: number; language: string; line: number; lines: string[] } | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    const fence = /^(\s*)(`{3,})\s*(\S*)/.exec(line);
    if (open === undefined && fence !== null) {
      const [, space = '', ticks = '', language = ''] = fence;
      open = { fence: ticks, indent: space.length, language, line: index + 1, lines: [] };
    } else if (open !== undefined && line.trim() === open.fence) {
      blocks.push({ language: open.language, text: open.lines.join('\n').trim(), line: open.line });
      open = undefined;
    } else if (open !== undefined) {
      open.lines.push(line.slice(Math.min(open.indent, line.length - line.trimStart().length)));
    } else {
      prose.push(line);
      continue;
    }
    prose.push('');
  }
  if (open !== undefined) throw new Error(`A block that begins in line ${open.line} has no end.`);
  return { blocks, prose };
}

const withoutCode = (line: string): string => line.replace(/`[^`]*`/g, '');

function linksIn(prose: readonly string[]): readonly Link[] {
  return prose.flatMap((line, index) =>
    [...line.replace(/`[^`]*`/g, 'code').matchAll(/\]\(<?([^)>\s]+)>?(?:\s+"[^"]*")?\)/g)].map(([, target = '']) => ({
      target,
      line: index + 1,
    })),
  );
}

/** The anchors that GitHub gives to headings, and those set by hand. */
function anchorsIn(prose: readonly string[]): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const line of prose) {
    for (const [, id = ''] of withoutCode(line).matchAll(/<a (?:id|name)="([^"]+)"/g)) anchors.add(id);
    const heading = /^#{1,6}\s+(.*?)\s*#*$/.exec(line)?.[1];
    if (heading === undefined) continue;
    const slug = heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-');
    let anchor = slug;
    for (let count = 1; anchors.has(anchor); count += 1) anchor = `${slug}-${count}`;
    anchors.add(anchor);
  }
  return anchors;
}
