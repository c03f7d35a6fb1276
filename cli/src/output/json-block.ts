import { plain } from './text.ts';

/** A value as JSON over several lines, each behind `indent`; whole, however long. */
export function jsonBlock(value: unknown, indent = '  '): readonly string[] {
  return JSON.stringify(value ?? null, null, 2)
    .split('\n')
    .map((line) => {
      // plain() takes spaces away from both ends.
      const text = line.trimStart();
      return `${indent}${' '.repeat(line.length - text.length)}${plain(text)}`;
    });
}
