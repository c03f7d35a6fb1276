import { Document, Scalar, visit } from 'yaml';

/** Texts of several lines that a block cannot be trusted with: lines that are only space, or begin with it, and controls. */
const UNFIT_FOR_BLOCKS = /^[ \t\n]|\n[ \t]+(?:\n|$)|[^\n\P{Cc}]|[\u2028\u2029\ufeff]/u;

/**
 * Plain JSON as YAML that reads back the same: what looks like something else is quoted, whole numbers beyond 2^53 - 1
 * get an exponent, halves of surrogate pairs an escape. A Map keeps the order of its keys, whatever they look like.
 */
export function writeYaml(value: unknown): string {
  const document = new Document(value, { aliasDuplicateObjects: false });
  visit(document, {
    Scalar(_key, node) {
      if (typeof node.value === 'string' && needsQuotes(node.value)) node.type = Scalar.QUOTE_DOUBLE;
      if (Number.isInteger(node.value) && !Number.isSafeInteger(node.value)) node.format = 'EXP';
    },
  });
  // Texts in quotes keep line breaks as escapes: the library loses spaces before a line break otherwise.
  return document.toString({ lineWidth: 120, doubleQuotedMinMultiLineLength: Number.MAX_SAFE_INTEGER });
}

const needsQuotes = (text: string): boolean =>
  !text.isWellFormed() || (text.includes('\n') && UNFIT_FOR_BLOCKS.test(text));
