import { readFileSync } from 'node:fs';

/** Who connects, as the README calls them. */
export const ROLES = ['orchestrator', 'worker', 'client', 'operator'] as const;

export interface Right {
  readonly on: 'topic' | 'group';
  /** Without the namespace; `<…>` stands for anything. */
  readonly name: string;
  readonly role: (typeof ROLES)[number];
  readonly operation: string;
}

/** The table of the README. */
export function rightsOfReadme(): { readonly names: readonly string[]; readonly rights: readonly Right[] } {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const lines = readme.split('### Rights\n')[1]?.split('\n') ?? [];
  const [head = '', , ...rows] = lines.filter((line) => line.startsWith('|'));
  const columns = cellsOf(head).slice(1);
  if (columns.join() !== ROLES.join()) throw new Error(`The columns of the table are ${columns.join()}.`);
  const names: string[] = [];
  const rights = rows.flatMap((row): Right[] => {
    const [place = '', ...cells] = cellsOf(row);
    const [, on, name] = /^(topic|group) `([^`]+)`$/.exec(place) ?? [];
    if ((on !== 'topic' && on !== 'group') || name === undefined) throw new Error(`Not understood: ${place}`);
    names.push(`${on} ${name}`);
    return ROLES.flatMap((role, index) =>
      (cells[index] ?? '')
        .split(', ')
        .flatMap((operation) => (operation === '' ? [] : [{ on, name, role, operation }])),
    );
  });
  return { names, rights };
}

const cellsOf = (row: string): string[] =>
  row
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
