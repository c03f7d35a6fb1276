import { expect } from 'chai';

// What a picture may be made of: enough of Mermaid's grammar that text in a label which got out of it is seen. Labels are quoted, and have no quote in them.

const LABEL = '"[^"\\n\\r]*"';
const NODE = `[a-z]\\w*(?:\\[${LABEL}\\]|\\(\\[${LABEL}\\]\\)|\\[\\[${LABEL}\\]\\]|\\{\\{${LABEL}\\}\\}|\\{${LABEL}\\}|\\(\\(\\(?${LABEL}\\)\\)\\)?|\\[[\\\\/]${LABEL}[\\\\/]\\]|>${LABEL}\\])`;
const LINES: readonly RegExp[] = [
  new RegExp(`^ +${NODE}$`),
  new RegExp(`^ +subgraph [a-z]\\w*\\[${LABEL}\\]$`),
  /^ +end$/,
  new RegExp(`^  [a-z]\\w* (?:-->|-\\.->|-\\.-x|==>)(?:\\|${LABEL}\\|)? [a-z]\\w*$`),
  /^ {2}classDef [a-z]+ [-a-z:#0-9, ]+$/,
  /^ {2}class [a-z]\w*(?:,[a-z]\w*)* [a-z]+$/,
];

const MARKUP = /"[^"]*[#<>&`%{}[\]|\\][^"]*"/;

/** Throws for a line that is none, an entity that is cut, an edge or a class of what is not there, and for blocks that do not close. */
export function expectMermaid(picture: string): void {
  const [first, ...lines] = picture.trimEnd().split('\n');
  expect(first).to.equal('flowchart TD');
  const names = new Set<string>();
  let depth = 0;
  for (const line of lines) {
    // Thousands of lines: an assertion is made of those only that are wrong.
    if (!LINES.some((form) => form.test(line))) expect.fail(`not a line of Mermaid: ${line}`);
    const bare = line.replaceAll(/#\d+;|<br\/>/g, '');
    if (MARKUP.test(bare)) expect(bare, 'nothing that is markup in a label').to.not.match(MARKUP);
    const [, edge] = /^ {2}(\w+ (?:-|=)\S+ \w+)$/.exec(line.replaceAll(/\|"[^"]*"\|/g, '')) ?? [];
    const named = edge === undefined ? undefined : [edge.split(' ')[0] ?? '', edge.split(' ')[2] ?? ''];
    const classed = line.startsWith('  class ') ? (line.split(' ')[3]?.split(',') ?? []) : undefined;
    const used = named ?? classed;
    if (used !== undefined) {
      for (const name of used) if (!names.has(name)) expect(names).to.include(name);
    } else if (!line.startsWith('  classDef ')) {
      if (/^ +end$/.test(line)) depth -= 1;
      else names.add(/^ +(?:subgraph )?(\w+)/.exec(line)?.[1] ?? '');
      if (/^ +subgraph /.test(line)) depth += 1;
    }
    if (depth < 0) expect(depth).to.be.at.least(0);
  }
  expect(depth).to.equal(0);
}
