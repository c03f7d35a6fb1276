/** Decimal, hexadecimal and octal, as YAML 1.2 and JSON write whole numbers. */
const WHOLE = /^[-+]?(?:\d+|0x[\da-f]+|0o[0-7]+)$/i;

/**
 * Why a number written in a text is refused, or undefined. A whole number must be one that a double holds exactly, so at
 * most 2^53 - 1 either way: it would be read as another. With a point or an exponent it is a double as written, and need
 * only be finite.
 */
export function numberProblem(source: string, value: number): string | undefined {
  const shown = source.length > 40 ? `${source.slice(0, 37)}...` : source;
  if (!Number.isFinite(value)) return `the number ${shown} has no JSON form; write it as text, in quotes`;
  if (Number.isSafeInteger(value) || !WHOLE.test(source)) return undefined;
  return (
    `the whole number ${shown} is beyond ${Number.MAX_SAFE_INTEGER} (2^53 - 1) and would be rounded; write it as text, ` +
    'in quotes, or with an exponent where a rounded number will do'
  );
}
