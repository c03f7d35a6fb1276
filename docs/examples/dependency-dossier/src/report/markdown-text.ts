/** Text of a stranger as one code span: nothing in it can end the span or the line. */
export const codeSpan = (text: string): string => `\`${text.replace(/[\p{Cc}\p{Z}]+/gu, ' ').replaceAll('`', "'")}\``;

/** Text of a stranger as prose on one line: none of it is read as markup. */
export function prose(text: string): string {
  const line = text.replace(/[\p{Cc}\p{Z}]+/gu, ' ').trim();
  return line
    .replace(/[\\`*_[\]<>|~&]/g, '\\$&')
    .replace(/^([#>+=-])/, '\\$1')
    .replace(/^(\d+)([.)])/, '$1\\$2');
}

/** "512 B", "1.2 kB", "34.0 MB": powers of 1,000. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(1)} kB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}

/** "34.0 MB (34,012,345 bytes)": what a person reads, and what can be added up again. */
export const exactBytes = (bytes: number): string =>
  `${formatBytes(bytes)} (${bytes.toLocaleString('en-US')} ${bytes === 1 ? 'byte' : 'bytes'})`;

export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
