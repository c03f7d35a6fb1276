import correct from 'spdx-correct';
import parse, { type SpdxExpression } from 'spdx-expression-parse';
import { LICENCE_CLASSES, type LicenceClass } from '../records.ts';
import { classOfId } from './licence-classes.ts';

export interface ClassifiedLicence {
  /** Normalised SPDX expression; absent when the text could not be understood. */
  readonly expression?: string;
  readonly class: LicenceClass;
}

const PROPRIETARY = /^(unlicen[sc]ed|proprietary|commercial|all rights reserved|private|none|no licen[sc]e)$/i;
const SEE_FILE = /^see\b.*\b(licen[cs]e|file|readme)/i;
/** A text that names one of these must not be corrected into something harmless. */
const HEAVY =
  /gpl|copyleft|sspl|busl|\bmpl|\bepl|cddl|eupl|\bosl\b|non-?commercial|-nc\b|commons.clause|proprietary|commercial/i;
const SEPARATOR = /\s*(?:[/,;&+|]|\band\b|\bor\b)\s*/i;

const rank = (value: LicenceClass): number => LICENCE_CLASSES.indexOf(value);

/** OR lets the user choose: the lightest class. AND binds to both: the heaviest. */
function classOf(node: SpdxExpression): LicenceClass {
  if ('conjunction' in node) {
    const [left, right] = [classOf(node.left), classOf(node.right)];
    const leftWins = node.conjunction === 'or' ? rank(left) <= rank(right) : rank(left) >= rank(right);
    return leftWins ? left : right;
  }
  return 'license' in node ? classOfId(node.license, node.exception) : 'unknown';
}

/** Canonical text of an expression: upper-case operators, brackets only where AND holds an OR. */
function print(node: SpdxExpression, inAnd = false): string {
  if ('conjunction' in node) {
    const isAnd = node.conjunction === 'and';
    const text = `${print(node.left, isAnd)} ${isAnd ? 'AND' : 'OR'} ${print(node.right, isAnd)}`;
    return inAnd && !isAnd ? `(${text})` : text;
  }
  if ('licenseRef' in node) {
    return `${node.documentRef === undefined ? '' : `DocumentRef-${node.documentRef}:`}LicenseRef-${node.licenseRef}`;
  }
  return `${node.license}${node.plus === true ? '+' : ''}${node.exception === undefined ? '' : ` WITH ${node.exception}`}`;
}

function parseOrUndefined(text: string): SpdxExpression | undefined {
  try {
    return parse(text);
  } catch (error) {
    // The parser's only way to say that a text is no SPDX expression.
    if (error instanceof Error) return undefined;
    throw error;
  }
}

const parseCorrected = (text: string): SpdxExpression | undefined => {
  const corrected = text === '' ? null : correct(text);
  return corrected === null ? undefined : parseOrUndefined(corrected);
};

/**
 * Texts such as "MIT/Apache 2" or "GPLv2 or MIT": every part has to be understood. Without an unmistakable choice between
 * the parts, all of them bind.
 */
function parseParts(text: string): SpdxExpression | undefined {
  const parts = text.replace(/[()]/g, ' ').trim().split(SEPARATOR);
  const conjunction = /\bor\b/i.test(text) && !/\band\b|[&+,;]/i.test(text) ? 'or' : 'and';
  let whole: SpdxExpression | undefined;
  for (const part of parts) {
    const node = parseOrUndefined(part) ?? parseCorrected(part);
    if (node === undefined) return undefined;
    whole = whole === undefined ? node : { left: whole, conjunction, right: node };
  }
  return whole;
}

/** What a licence text of a manifest means. Total: what cannot be understood is `unknown`, never a guess. */
export function classifyLicence(declared: string | null | undefined): ClassifiedLicence {
  const text = declared?.trim() ?? '';
  if (text === '' || SEE_FILE.test(text)) return { class: 'unknown' };
  if (PROPRIETARY.test(text)) return { class: 'proprietary' };
  const exact = parseOrUndefined(text);
  if (exact !== undefined) return { expression: print(exact), class: classOf(exact) };
  const plain = text.replace(/,\s*(?=v(ersion\b|\.?\s?\d))/i, ' ');
  const guessed = SEPARATOR.test(plain) ? parseParts(plain) : parseCorrected(plain);
  if (guessed === undefined) return { class: 'unknown' };
  const guessedClass = classOf(guessed);
  if (guessedClass === 'permissive' && HEAVY.test(text) && !('conjunction' in guessed)) return { class: 'unknown' };
  return { expression: print(guessed), class: guessedClass };
}
