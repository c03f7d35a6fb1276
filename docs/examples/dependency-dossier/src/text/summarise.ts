import { clip } from './clip.ts';
import { readmeProse } from './readme-prose.ts';

/** Longest summary, in bytes of JSON. */
export const MAX_SUMMARY_BYTES = 240;

const MAX_SENTENCES = 120;
const STOP_WORDS = new Set(
  'the and for with that this you your are can from not will have has but its all any use using used when which into also more than other only our one may see how what they their there these those then been was were should would could just'.split(
    ' ',
  ),
);
const BOILERPLATE =
  /\b(install|installation|npm (i|run|test)|licen[cs]ed?|copyright|badge|sponsor|donat|contribut|changelog|see the|documentation|docs|click|download|table of contents|deprecated in favou?r|pull request|maintain|star this|twitter|discord|example|usage|follow)/i;

interface Sentence {
  readonly text: string;
  readonly order: number;
  readonly paragraph: number;
  readonly isItem: boolean;
  readonly words: readonly string[];
}

const wordsOf = (text: string): string[] =>
  (text.toLowerCase().match(/[\p{L}\p{N}]{3,}/gu) ?? []).filter((word) => !STOP_WORDS.has(word));

const COMMAND = /^(\$ |npm|yarn|pnpm|npx|bun) (i|install|add|run|create|exec|--?\w+)\b/i;
const CODE = /\brequire\(|^(const|let|var|import|export) |=>|[{};]$/;

/** A sentence says something when it has some words, or, in scripts without spaces, some letters. */
const saysSomething = (text: string): boolean =>
  (text.match(/\p{L}{2,}/gu)?.length ?? 0) >= 3 ||
  (text.match(/[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]/gu)?.length ?? 0) >= 6;

function sentencesOf(readme: string): Sentence[] {
  const segmenter = new Intl.Segmenter('en', { granularity: 'sentence' });
  const sentences: Sentence[] = [];
  for (const [paragraph, source] of readmeProse(readme).entries()) {
    const isItem = source.startsWith('• ');
    const text = isItem ? source.slice(2) : source;
    for (const { segment } of segmenter.segment(text.slice(0, 4000))) {
      const sentence = segment.trim();
      if (!saysSomething(sentence) || COMMAND.test(sentence)) continue;
      sentences.push({ text: sentence, order: sentences.length, paragraph, isItem, words: wordsOf(sentence) });
      if (sentences.length === MAX_SENTENCES) return sentences;
    }
  }
  return sentences;
}

/**
 * Position counts most (authors say first what a thing is), then how much of the document's vocabulary a sentence carries,
 * then its form: a list item, a boilerplate phrase, a fragment or a lead-in to something else counts less.
 */
function score(sentence: Sentence, frequency: ReadonlyMap<string, number>, top: number, name: string): number {
  const { text, words } = sentence;
  const carried = words.reduce((sum, word) => sum + (frequency.get(word) ?? 0), 0) / Math.max(4, words.length) / top;
  let value = 2 / (1 + sentence.order) + 1 / (1 + sentence.paragraph) + carried;
  if (text.toLowerCase().includes(name.toLowerCase())) value += 0.3;
  if (/\b(is|are|provides?|lets|allows|helps|implements|makes|parses?|creates?)\b/i.test(text)) value += 0.3;
  if (sentence.isItem) value -= 0.8;
  if (BOILERPLATE.test(text)) value -= 1.5;
  if (CODE.test(text)) value -= 2;
  if (text.endsWith(':')) value -= 1.2;
  if (words.length < 3) value -= 0.8;
  if (text.length > MAX_SUMMARY_BYTES) value -= 0.7;
  return value;
}

/**
 * One or two sentences of a README that say what the package is: extractive, so every word is the author's, and the same
 * for the same text. Undefined when the README holds no prose. At most MAX_SUMMARY_BYTES.
 */
export function summarise(readme: string, name: string): string | undefined {
  const sentences = sentencesOf(readme);
  const frequency = new Map<string, number>();
  for (const { words } of sentences) for (const word of words) frequency.set(word, (frequency.get(word) ?? 0) + 1);
  const top = Math.max(1, ...frequency.values());
  const scored = sentences
    .map((sentence) => ({ sentence, value: score(sentence, frequency, top, name) }))
    .sort((a, b) => b.value - a.value || a.sentence.order - b.sentence.order);
  const best = scored[0];
  if (best === undefined) return undefined;
  const alone = clip(best.sentence.text, MAX_SUMMARY_BYTES);
  // A second sentence only if it is good on its own and follows in the same paragraph: others rarely read on.
  const second = scored.find(
    ({ sentence, value }) =>
      value > 0.5 &&
      !sentence.isItem &&
      sentence.paragraph === best.sentence.paragraph &&
      Math.abs(sentence.order - best.sentence.order) === 1,
  );
  if (second === undefined) return alone;
  const [first, last] = second.sentence.order < best.sentence.order ? [second, best] : [best, second];
  const both = `${first.sentence.text} ${last.sentence.text}`;
  return clip(both, MAX_SUMMARY_BYTES) === both ? both : alone;
}
