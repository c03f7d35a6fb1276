import type { Position } from '../../../event-store/position.ts';
import { RepriseError } from '../../../shared/errors.ts';
import type { JsonObject } from '../../../shared/json.ts';
import { type RecordedFailure, recordedFailure } from './followed-view.ts';
import type { Projection } from './projection.ts';
import { Projector, type ProjectorParts, unknownView, type ViewLag } from './projector.ts';
import type { ViewPage, ViewQuery, ViewStore } from './view-store.ts';

/** How new what is read has to be. */
export interface AsNew {
  /** It has had the event at this position: that of the last event of a command, for who reads what came of it. */
  readonly asNewAs: Position;
  /** How long that is waited for. Default 1,000 ms. */
  readonly withinMs?: number;
}

/** A page, and whether it is as new as was asked. If not, lag() says how far it is behind. */
export interface ViewPageAsNew extends ViewPage {
  readonly isAsNew: boolean;
}

/** The views that this process builds, and reads. */
export class Views {
  readonly projections: readonly Projection[];
  readonly #parts: ProjectorParts;
  readonly #store: ViewStore;
  #projector: Projector | undefined;

  constructor(parts: ProjectorParts) {
    this.#parts = parts;
    this.#store = parts.views;
    this.projections = parts.projections;
  }

  /** Begins to build them, or those that are named. Without a projection there is nothing to do. */
  async start(names = this.projections.map(({ name }) => name)): Promise<void> {
    const projections = names.map((name) => this.projection(name));
    this.#projector = new Projector({ ...this.#parts, projections });
    if (projections.length > 0) await this.#projector.start();
  }

  /** Throws REPRISE_VIEW_UNKNOWN. */
  projection(name: string): Projection {
    const found = this.projections.find((one) => one.name === name);
    if (found === undefined) throw unknownView(name, this.projections);
    return found;
  }

  /**
   * Rows of a view, in the order of its projection unless the query has one; `asNew`: waits until they are so new. Throws REPRISE_VIEW_UNKNOWN, as
   * all of these do, and REPRISE_QUERY_INVALID when `where` is no query.
   */
  async list(name: string, query: ViewQuery = {}, asNew?: AsNew): Promise<ViewPageAsNew> {
    const projection = this.projection(name);
    assertQuery(name, query.where);
    const isAsNew = asNew === undefined || (await this.caughtUp(name, asNew.asNewAs, asNew));
    const { order } = projection;
    const page = await this.#store.list(projection, order === undefined ? query : { order, ...query });
    return { ...page, isAsNew };
  }

  async get(name: string, key: string): Promise<JsonObject | undefined> {
    return (await this.#store.get(this.projection(name), [key])).get(key);
  }

  /** Why whoever built the view last came no further, as the view store has it on record; nothing is built for that. */
  async recordedFailure(name: string): Promise<RecordedFailure | undefined> {
    return recordedFailure(this.#store, this.projection(name));
  }

  /** How far the view is behind. */
  lag(name: string): ViewLag {
    return this.#built().lag(name);
  }

  /** How old what each view has seen last is, ms; 0 is up to date. Empty while none is built. */
  get lags(): Readonly<Record<string, number>> {
    const projector = this.#projector;
    return projector === undefined ? {} : projector.lags;
  }

  /** Waits until the view has had the event at a position, `withinMs` (1 s) at most. Says whether it has. */
  async caughtUp(
    name: string,
    position: Position,
    { withinMs = 1000 }: Pick<AsNew, 'withinMs'> = {},
  ): Promise<boolean> {
    return this.#built().caughtUp(name, position, { withinMs });
  }

  /** Waits until the view has had everything that is there now; without `withinMs` as long as it takes. Says whether it has. Rejects with what stopped it. */
  async reachEnd(name: string, options: { readonly withinMs?: number } = {}): Promise<boolean> {
    return this.#built().reachEnd(name, options);
  }

  async rebuild(name: string): Promise<void> {
    return this.#built().rebuild(name);
  }

  /** Waits for the commits under way, then closes the view store. */
  async close(): Promise<void> {
    await this.#projector?.close();
    await this.#store.close();
  }

  #built(): Projector {
    if (this.#projector !== undefined) return this.#projector;
    throw new RepriseError('REPRISE_NOT_STARTED', 'Views are built once the orchestrator is started.');
  }
}

/** What comes untyped: text, most of all, which parseQuery() has to read first. */
function assertQuery(view: string, where: unknown): void {
  if (where === undefined || (where instanceof Object && 'terms' in where && Array.isArray(where.terms))) return;
  const found = typeof where === 'string' ? 'text' : `of type ${where === null ? 'null' : typeof where}`;
  throw new RepriseError(
    'REPRISE_QUERY_INVALID',
    `\`where\` of a list of the view '${view}' is ${found}, and has to be a query: parseQuery(text, { now, fields }), with the \`fields\` of the projection.`,
    { details: { view } },
  );
}
