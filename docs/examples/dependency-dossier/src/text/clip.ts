const jsonBytes = (text: string): number => Buffer.byteLength(JSON.stringify(text)) - 2;

/**
 * `text`, cut at a word so that it takes at most `max` bytes inside JSON (so a payload's size can be promised for any
 * script), with "…" where something was cut.
 */
export function clip(text: string, max: number): string {
  if (jsonBytes(text) <= max) return text;
  const budget = max - jsonBytes('…');
  let size = 0;
  let end = 0;
  let lastSpace = 0;
  for (const character of text) {
    size += jsonBytes(character);
    if (size > budget) break;
    end += character.length;
    if (character === ' ') lastSpace = end;
  }
  const cut = text.slice(0, lastSpace > end / 2 ? lastSpace : end);
  return `${cut.trimEnd().replace(/[,;:–—-]+$/, '')}…`;
}
