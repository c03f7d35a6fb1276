declare module 'spdx-correct' {
  /** The SPDX identifier most likely meant by `text` (not empty), or null. */
  export default function correct(text: string, options?: { readonly upgrade?: boolean }): string | null;
}

declare module 'spdx-expression-parse' {
  export interface LicenceLeaf {
    readonly license: string;
    readonly plus?: true;
    readonly exception?: string;
  }
  export interface LicenceRef {
    readonly licenseRef: string;
    readonly documentRef?: string;
  }
  export interface Conjunction {
    readonly left: SpdxExpression;
    readonly conjunction: 'and' | 'or';
    readonly right: SpdxExpression;
  }
  export type SpdxExpression = LicenceLeaf | LicenceRef | Conjunction;
  /** Throws on anything that is not a valid SPDX expression. */
  export default function parse(expression: string): SpdxExpression;
}
