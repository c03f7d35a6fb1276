// Text that somebody else wrote, shown to a person. Nothing in it may steer a terminal, turn the order of what is read, or
// hide. Unicode: https://www.unicode.org/reports/tr36/ (security), tr9 (bidi), tr51 (emoji).

/** C0 but tab and line feed, DEL and C1; line and paragraph separators; lone surrogates. */
const CONTROLS = '\\u0000-\\u0008\\u000B-\\u001F\\u007F-\\u009F\\u2028\\u2029\\p{Cs}';
const BIDI = '\\u061C\\u200E\\u200F\\u202A-\\u202E\\u2066-\\u2069';
/** What takes no room on a screen, joiners excepted: soft hyphen, zero-width spaces, fillers, tags, most variation selectors. */
const INVISIBLE =
  '\\u00AD\\u034F\\u115F\\u1160\\u17B4\\u17B5\\u180B-\\u180F\\u200B\\u2060-\\u2065\\u206A-\\u206F\\u3164\\uFE00-\\uFE0D\\uFEFF\\uFFA0\\uFFF9-\\uFFFB' +
  '\\u{1D173}-\\u{1D17A}\\u{E0000}-\\u{E0FFF}';
const JOINERS = '\\u200C\\u200D';

const HIDDEN = new RegExp(`[${CONTROLS}${BIDI}${INVISIBLE}${JOINERS}]`, 'gu');
/** A joiner does its work between emoji, and within words of scripts whose letters change shape. */
const BEFORE_JOINER =
  /(?:\p{Extended_Pictographic}\uFE0F?|\p{Emoji_Modifier}|\uFE0F|[^\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\P{L}]|\p{M})$/u;
const AFTER_JOINER =
  /^(?:\p{Extended_Pictographic}|[^\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\P{L}]|\p{M})/u;
/** Marks on one letter; more of them climb over the lines above. */
const PILED_MARKS = /(\p{M}{4})\p{M}+/gu;

const PLAIN = /^[\x20-\x7E]*$/;

const escapeOf = (character: string): string => {
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  return code > 0xff_ff ? `\\u{${hex}}` : `\\u${hex.padStart(4, '0')}`;
};

/**
 * Text with every control, bidi control and invisible character made visible as `\u001b` (or `\u{e0041}`), and piled marks cut
 * to four. Line feeds and tabs are kept: oneLine() shows them as spaces. What has none of these is returned as it is; so is
 * what this function returned.
 */
export function visibleText(text: string): string {
  if (PLAIN.test(text)) return text;
  return text
    .replaceAll('\r\n', '\n')
    .replace(HIDDEN, (character, at: number) => (isJoined(text, character, at) ? character : escapeOf(character)))
    .replace(PILED_MARKS, '$1…');
}

/** visibleText() on one line, without space around it. */
export const oneLine = (text: string): string => visibleText(text).replaceAll(/\s+/g, ' ').trim();

const NOT_PLAIN_JSON = /[\u007F-\u009F\u00AD\u061C\u200B-\u200F\u2028-\u202E\u2060-\u206F\uFEFF\uFFF9-\uFFFB]/g;

/** JSON for a terminal: the same value, with what could steer or mislead as escapes. (JSON itself escapes C0 and lone surrogates.) */
export const visibleJson = (json: string): string =>
  PLAIN.test(json)
    ? json
    : json
        .replace(NOT_PLAIN_JSON, escapeOf)
        .replace(/[\u{E0000}-\u{E0FFF}]/gu, (tag) => escapeOf(tag.charAt(0)) + escapeOf(tag.charAt(1)));

function isJoined(text: string, character: string, at: number): boolean {
  if (character !== '\u200C' && character !== '\u200D') return false;
  return BEFORE_JOINER.test(text.slice(Math.max(0, at - 4), at)) && AFTER_JOINER.test(text.slice(at + 1, at + 3));
}
