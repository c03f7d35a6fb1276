export interface Service {
  readonly image?: string;
  readonly build?: { readonly context?: string; readonly target?: string };
  readonly command?: readonly string[];
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly depends_on?: Readonly<Record<string, { readonly condition?: string }>>;
  readonly healthcheck?: { readonly test?: readonly string[]; readonly disable?: boolean };
  readonly deploy?: { readonly replicas?: number };
  readonly profiles?: readonly string[];
  readonly restart?: string;
  readonly stop_grace_period?: string;
  readonly user?: string;
  readonly privileged?: boolean;
}

export interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes?: Readonly<Record<string, unknown>>;
}

/** What the rules go by, beside the file. */
export interface Facts {
  readonly topology: { readonly orchestrators: number; readonly workers: number };
  /** Environment variables that our code reads. */
  readonly variables: ReadonlySet<string>;
  /** What our command line has against an argv; undefined: nothing. */
  readonly refusal: (argv: readonly string[]) => Promise<string | undefined>;
  /** Whether a path of the repository is there. */
  readonly exists: (path: string) => boolean;
  /** Of the Dockerfile. */
  readonly image: { readonly stages: readonly string[]; readonly healthcheckPort: string | undefined };
  /** The drain of the engine, in ms. */
  readonly drainMs: number;
}
