// Every pattern here takes time linear in its line or text: a README is a stranger's, and may be made to hang a reader.

const REPEATED_SPACE = /[\p{Cc}\p{Z}\u200b-\u200f\ufeff]+/gu;

/** Removes everything from each `open` to the next `close`. What is never closed stays. */
function cutBetween(text: string, open: string, close: string): string {
  let result = '';
  let at = 0;
  for (let start = text.indexOf(open); start >= 0; start = text.indexOf(open, at)) {
    const end = text.indexOf(close, start + open.length);
    if (end < 0) break;
    result += `${text.slice(at, start)} `;
    at = end + close.length;
  }
  return result + text.slice(at);
}

/** Lines outside fenced code. */
function withoutFences(lines: readonly string[]): string[] {
  const kept: string[] = [];
  let fence: string | undefined;
  for (const line of lines) {
    const mark = /^\s{0,3}(?:>\s?)*(`{3,}|~{3,})/.exec(line)?.[1];
    if (fence === undefined && mark === undefined) kept.push(line);
    else if (fence === undefined) fence = mark;
    else if (mark?.startsWith(fence) === true) fence = undefined;
  }
  return kept;
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  mdash: '—',
  ndash: '–',
  copy: '©',
  hellip: '…',
};

/** Markup inside a paragraph turned into the text that a reader sees. */
function plainText(paragraph: string): string {
  let text = paragraph
    .replace(/!\[[^[\]]{0,500}\](\([^()]{0,1000}(?:\([^()]{0,200}\)[^()]{0,200})?\)|\[[^[\]]{0,200}\])?/g, ' ')
    .replace(/\[([^[\]]{0,500})\](\([^()]{0,1000}(?:\([^()]{0,200}\)[^()]{0,200})?\)|\[[^[\]]{0,200}\])/g, '$1')
    .replace(/<(https?:[^<>\s]{0,1000})>/g, ' ')
    .replace(/<\/?[a-zA-Z!][^<>]{0,2000}>/g, ' ')
    .replace(/\[([^[\]]{1,500})\]/g, '$1')
    .replace(
      /&(#\d{1,6}|[a-z]{1,8});/g,
      (whole, name: string) => ENTITIES[name] ?? (name.startsWith('#') ? ' ' : whole),
    )
    .replace(/\bhttps?:\/\/[^\s)>\]]{1,1000}/g, ' ')
    .replace(/:[a-z][a-z0-9_+]{1,30}:/g, ' ');
  text = text
    .replace(/`+/g, '')
    .replace(/(\*\*|__|~~)/g, '')
    .replace(/(^|[\s(])[*_](?=\S)|(?<=\S)[*_](?=[\s).,;:!?]|$)/g, '$1');
  return text
    .replace(/\\([\\`*_{}[\]()#+.!|<>-])/g, '$1')
    .replace(/\( ?\)/g, '')
    .replace(REPEATED_SPACE, ' ')
    .replace(/ (?=[.,;:!?](?:\s|$))/g, '')
    .trim();
}

const isRule = (line: string): boolean => /^\s{0,3}([-=*_~^])\1{2,}\s*$/.test(line) || /^\s{0,3}=+\s*$/.test(line);
const isHeading = (line: string): boolean => /^\s{0,3}#{1,6}(\s|$)/.test(line);
const isNotProse = (line: string): boolean =>
  /^\s{0,3}\|/.test(line) || // a table
  /^(\s{4}|\t)/.test(line) || // indented code
  /^\s{0,3}\[[^[\]]{1,200}\]:/.test(line) || // a link's definition
  /^\s{0,3}\.\. /.test(line) || // a directive of reStructuredText
  /^\s{0,3}(\$ |npm (i|install|run|ci|test)\b|yarn add|pnpm (add|install)|npx )/.test(line);

/**
 * The paragraphs of a README as a reader sees them: no code, headings, tables, badges or markup. A list item is a paragraph
 * that starts with "• ".
 */
export function readmeProse(readme: string): readonly string[] {
  const outside = withoutFences(readme.replace(/\r\n?/g, '\n').split('\n')).join('\n');
  let text = cutBetween(outside, '<!--', '-->');
  for (const tag of ['script', 'style', 'pre', 'table', 'h1', 'h2', 'h3']) {
    text = cutBetween(text.replaceAll(`<${tag.toUpperCase()}`, `<${tag}`), `<${tag}`, `</${tag}>`);
  }
  const paragraphs: string[] = [];
  let current: string[] = [];
  const flush = (): void => {
    const paragraph = plainText(current.join(' '));
    if (paragraph !== '' && paragraph !== '•') paragraphs.push(paragraph);
    current = [];
  };
  for (const line of text.split('\n')) {
    const quoted = line.replace(/^(\s{0,3}>\s?)+/, '');
    if (isRule(quoted)) {
      // The line above an underline of "=" or "-" is a heading.
      if (/^\s{0,3}[-=]/.test(quoted)) current = [];
      flush();
    } else if (quoted.trim() === '' || isHeading(quoted) || (current.length === 0 && isNotProse(quoted))) {
      flush();
    } else {
      const item = /^\s{0,8}(?:[-*+•]|\d{1,3}[.)])\s+(.*)$/.exec(quoted)?.[1];
      if (item !== undefined) flush();
      if (/^\s*\|/.test(quoted)) continue;
      current.push(item === undefined ? quoted : `• ${item}`);
    }
  }
  flush();
  return paragraphs;
}
