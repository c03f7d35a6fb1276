const SEGMENTER = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** What a reader takes for one character: a letter with its marks, an emoji of several parts. */
export function* graphemesOf(text: string): Generator<string, void, undefined> {
  for (const { segment } of SEGMENTER.segment(text)) yield segment;
}

const NO_WIDTH = /^[\p{M}\p{Cf}]+$/u;
const EMOJI = /^(?:\p{Emoji_Presentation}|\p{Regional_Indicator})|\uFE0F/u;

/** First and last code points of blocks that take two columns (UAX 11, wide and fullwidth). */
const WIDE: readonly (readonly [number, number])[] = [
  [0x11_00, 0x11_5f],
  [0x2e_80, 0x30_3e],
  [0x30_41, 0xa4_cf],
  [0xa9_60, 0xa9_7f],
  [0xac_00, 0xd7_a3],
  [0xf9_00, 0xfa_ff],
  [0xfe_10, 0xfe_19],
  [0xfe_30, 0xfe_6f],
  [0xff_01, 0xff_60],
  [0xff_e0, 0xff_e6],
  [0x1_6f_e0, 0x1_b2_ff],
  [0x1_f2_00, 0x1_f2_ff],
  [0x2_00_00, 0x3_ff_fd],
];

/** Columns that a terminal gives a grapheme: 0, 1 or 2. */
export function widthOfGrapheme(grapheme: string): number {
  const code = grapheme.codePointAt(0) ?? 0;
  if (code < 0x3_00 && grapheme.length === 1) return 1;
  if (NO_WIDTH.test(grapheme)) return 0;
  return EMOJI.test(grapheme) || WIDE.some(([first, last]) => code >= first && code <= last) ? 2 : 1;
}
