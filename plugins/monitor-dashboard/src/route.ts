import { type Json, type JsonObject, RepriseError } from '@reprise/core/plugin';
import type { DashboardSource, Who } from './source.ts';

/** `open`: anybody who reaches the server. `view`: a session. `operate`: a session that may change runs. */
export const PERMISSIONS = ['open', 'view', 'operate'] as const;
/** What a route asks of those who use it. */
export type Permission = (typeof PERMISSIONS)[number];

export interface Parameter {
  readonly type: 'string' | 'integer' | 'boolean';
  readonly description: string;
  readonly required?: true;
  readonly default?: string | number | boolean;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  /** Of a text: one of these. */
  readonly choices?: readonly string[];
}

export type Parameters = Readonly<Record<string, Parameter>>;

/** What a route is asked, read and held against what it declares. */
export interface Call {
  readonly source: DashboardSource;
  /** Of `:run` and the like: ids. */
  readonly path: Readonly<Record<string, string>>;
  text(name: string): string | undefined;
  number(name: string): number | undefined;
  /** The body of a change, without who and why. */
  readonly body: JsonObject;
  readonly who: Who;
  /** Tells where the dashboard was started of what failed without a code, and is not the whole answer. */
  failed(error: unknown): void;
}

/** A text to be saved, made piece by piece as it is read. What fails on the way breaks it off. */
export class FileAnswer {
  readonly name: string;
  readonly type: string;
  readonly text: AsyncGenerator<string, void, undefined>;

  constructor(name: string, type: string, text: AsyncGenerator<string, void, undefined>) {
    this.name = name;
    this.type = type;
    this.text = text;
  }
}

/** One route of the API: what it is called by, who may, and what it answers. The document of the API is printed from these. */
export interface Route {
  readonly id: string;
  readonly method: 'get' | 'post';
  /** Below /api/v1. Segments that begin with `:` are ids. */
  readonly path: string;
  readonly permission: Permission;
  readonly summary: string;
  readonly query?: Parameters;
  /** A post that changes nothing: nobody is asked why. */
  readonly plans?: true;
  /** JSON Schema of the body's members; `reason` is one of every change. */
  readonly body?: { readonly properties: Readonly<Record<string, JsonObject>>; readonly required: readonly string[] };
  /** JSON Schema of the answer. */
  readonly result: JsonObject;
  answer(call: Call): Promise<Json | FileAnswer>;
}

/** What every route says of itself, whoever answers it. */
export interface Declared extends Pick<Route, 'id' | 'method' | 'path' | 'permission'> {
  /** A post that begins or ends a session, and changes no run. */
  readonly session?: true;
}

/** Stops the start unless every route says who may, and no two are the same. */
export function assertRoutes(routes: readonly Declared[]): void {
  const seen = new Set<string>();
  for (const { id, method, path, permission, session = false } of routes) {
    const name = `${method.toUpperCase()} ${path}`;
    if (!PERMISSIONS.includes(permission))
      throw wrong(`The route ${name} does not say who may call it (\`permission\`).`);
    if (method === 'post' && permission !== 'operate' && !session)
      throw wrong(`The route ${name} changes runs for ${permission}.`);
    for (const key of [name, id]) {
      if (seen.has(key)) throw wrong(`There are two routes ${key}.`);
      seen.add(key);
    }
  }
}

const wrong = (message: string): RepriseError => new RepriseError('REPRISE_PLUGIN_INVALID', message);
