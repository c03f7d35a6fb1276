/** The part of @npmcli/arborist that this example uses (the package has no types of its own). */
declare module '@npmcli/arborist' {
  export interface ArboristNode {
    /** Real name of the package, also where it is installed under an alias. Null where there is no manifest. */
    readonly packageName: string | null;
    readonly name: string;
    readonly version: string;
    /** Path below the root with forward slashes; '' for the root. */
    readonly location: string;
    readonly isLink: boolean;
    /** Only development needs it. */
    readonly dev: boolean;
    /** Only optional dependencies need it. */
    readonly optional: boolean;
    readonly package: { readonly deprecated?: unknown; readonly license?: unknown };
  }
  export interface ArboristTree {
    readonly inventory: { values(): IterableIterator<ArboristNode> };
  }
  export default class Arborist {
    constructor(options: { readonly path: string });
    /** The tree that the lockfile describes. */
    loadVirtual(): Promise<ArboristTree>;
    /** The tree that is installed. */
    loadActual(): Promise<ArboristTree>;
  }
}
