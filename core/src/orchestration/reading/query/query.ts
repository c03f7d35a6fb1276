/** What rows are asked for, as data. All terms have to hold; without any, every row fits. */
export interface Query {
  readonly terms: readonly QueryTerm[];
}

/** One condition of a query. */
export type QueryTerm = TextTerm | FieldTerm;

/** Some text of the row, however deep, has this one in it, upper and lower case alike. */
export interface TextTerm {
  readonly text: string;
  /** The term is turned round: the row fits when it does not hold. */
  readonly not?: true;
}

/**
 * What stands in a row at `path` compares so. A row with nothing of the field's type there fits no such term, unless it is turned round: but
 * the empty text, as a value, stands for none.
 */
export interface FieldTerm {
  /** As it was written: `label.team`. */
  readonly field: string;
  readonly type: FieldType;
  readonly path: readonly string[];
  /** `:` is one of the values; of the other operators, of which `!=` is `=` turned round, there is one value. */
  readonly operator: QueryOperator;
  readonly values: readonly QueryValue[];
  readonly not?: true;
}

/** In rows, a time is ms since the epoch, a duration is ms; both are numbers. */
export type FieldType = (typeof FIELD_TYPES)[number];

export const FIELD_TYPES = ['text', 'time', 'duration', 'number'] as const;

/** How a field is compared with a value. */
export type QueryOperator = ':' | '=' | '!=' | '<' | '<=' | '>' | '>=';

/** What a field is compared with. */
export type QueryValue =
  | { readonly equals: string | number }
  /** Text that begins so. */
  | { readonly prefix: string }
  /** A time in this span: from `from` until before `until`. */
  | { readonly from: number; readonly until: number }
  /** Whatever is there. */
  | { readonly any: true };

/** A field that rows can be asked about. */
export interface QueryField {
  readonly type: FieldType;
  /** Where it stands in a row. Of a field with `keys`, the key follows. */
  readonly path: readonly string[];
  /** Every value that there is. */
  readonly values?: readonly string[];
  /** The field is written `name.KEY`. */
  readonly keys?: true;
  /** In a few words, for people. */
  readonly about: string;
}

/** By the name that a query calls them. */
export type QueryFields = Readonly<Record<string, QueryField>>;

/** A query that every row fits. */
export const EVERYTHING: Query = { terms: [] };

/** All terms of both. */
export const bothOf = (one: Query, other: Query): Query => ({ terms: [...one.terms, ...other.terms] });
