import { clip, widthOf } from './text.ts';

/** Lines of a text, broken between words, each with `indent` before it. A word that is too long for a line is cut off. */
export function wrapped(text: string, width: number, indent = ''): readonly string[] {
  const room = Math.max(1, width - widthOf(indent));
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && widthOf(longer) > room) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return [...lines, line].map((one) => indent + clip(one, room));
}
