import { BEGINNING, type ScheduledCall, sleep, systemClock } from '@reprise/core/plugin';
import type { Connection } from './connection.ts';
import type { Log } from './log.ts';
import { type LogPosition, toPosition } from './position.ts';
import { Recent } from './recent.ts';
import { type Answer, answerOf, followRequest } from './requests.ts';

/** Pauses before the subscription is opened again, in ms: the first, doubled up to the last. */
const FIRST_PAUSE_MS = 50;
const LAST_PAUSE_MS = 2000;

export interface FeedParts {
  readonly connection: Connection;
  readonly log: Log;
  /** Names of the streams that it is about, as a regular expression. */
  readonly filter: string;
  /** Without a word for so long, the feed looks whether the log has grown; in ms. */
  readonly quietMs: number;
  /** Something was appended. */
  onAnswer(answer: Answer): void;
  /** It may have missed something, and goes on from here: whoever waits for it is to look. */
  onGap(): void;
}

/**
 * Hears of whatever is appended to the streams of a namespace, by whomever: one subscription to `$all`, however many listen. The client never
 * subscribes again by itself. This one does, after the last place that it has heard of.
 *
 *   idle ──start()──► opening ──confirmed──► live ──stop()──► idle
 *                        ▲──pause──broken, or deaf──┘
 *
 * It says that something is new, and is not relied on for what that is: whoever listens reads by himself, from where he was; what came without a gap since it was confirmed
 * is at hand for that (`recent`).
 */
export class Feed {
  /** What it was told last. */
  readonly recent = new Recent();
  readonly #parts: FeedParts;
  #running = false;
  #after: LogPosition | undefined;
  /** Resolved once it is known from where on the feed hears everything. */
  #placed = Promise.withResolvers<void>();
  /** Of the subscription that is open, or being opened. */
  #opening = 0;
  #cancel: (() => void) | undefined;
  #pauseMs = FIRST_PAUSE_MS;
  #quiet: ScheduledCall | undefined;

  constructor(parts: FeedParts) {
    this.#parts = parts;
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    void this.#open();
  }

  stop(): void {
    this.#running = false;
    this.#close();
    this.#after = undefined;
    this.recent.begin(undefined);
    // Nobody hears anything, and nobody is to wait for it.
    this.#placed.resolve();
    this.#placed = Promise.withResolvers();
  }

  /** Resolves once whatever is appended from then on is heard; at once while nobody listens. */
  async placed(): Promise<void> {
    if (this.#running) await this.#placed.promise;
  }

  #close(): void {
    this.#opening += 1;
    this.#quiet?.cancel();
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /** Does not reject. */
  async #open(): Promise<void> {
    this.#close();
    const opening = this.#opening;
    const current = (): boolean => this.#running && opening === this.#opening;
    try {
      // From a place, not from 'the end': what is appended while the subscription is being opened is in it.
      this.#after ??= await this.#parts.log.end();
    } catch {
      if (current()) this.#again();
      return;
    }
    if (!current()) return;
    this.#placed.resolve();
    this.#cancel = this.#parts.connection.follow(followRequest(this.#parts.filter, this.#after), {
      onEvent: (answer) => {
        if (!current()) return;
        this.#heard();
        if (answer.hasConfirmation()) this.#confirmed();
        const checkpoint = answer.getCheckpoint();
        if (checkpoint !== undefined)
          this.#reached({ commit: checkpoint.getCommitPosition(), prepare: checkpoint.getPreparePosition() });
        const one = answerOf(answer);
        if (one?.position === undefined) return;
        this.#reached(one.position);
        this.recent.add(one);
        this.#parts.onAnswer(one);
      },
      onEnd: () => {
        if (current()) this.#again();
      },
    });
    this.#listen();
  }

  #confirmed(): void {
    this.recent.begin(this.#after === undefined ? BEGINNING : toPosition(this.#after));
    this.#parts.onGap();
  }

  #heard(): void {
    this.#pauseMs = FIRST_PAUSE_MS;
    this.#listen();
  }

  #reached(position: LogPosition): void {
    if (this.#after === undefined || toPosition(position) > toPosition(this.#after)) this.#after = position;
  }

  #again(): void {
    this.#close();
    const opening = this.#opening;
    const pause = sleep(this.#pauseMs); // keeps the process alive, as the subscription did
    this.#pauseMs = Math.min(this.#pauseMs * 2, LAST_PAUSE_MS);
    void pause.then(() => (this.#running && opening === this.#opening ? this.#open() : undefined));
  }

  #listen(): void {
    this.#quiet?.cancel();
    this.#quiet = systemClock.schedule(this.#parts.quietMs, () => void this.#look());
  }

  /** A subscription may be dead without a word: when there is something behind the place where it is, it is opened anew. */
  async #look(): Promise<void> {
    const opening = this.#opening;
    let behind = true;
    try {
      const { answers } = await this.#parts.log.readAll(this.#parts.filter, this.#after, 2);
      const at = this.#after === undefined ? '' : toPosition(this.#after);
      behind = answers.some(({ position }) => position !== undefined && toPosition(position) > at);
    } catch {
      // The server does not answer: opened anew, the subscription tells when it does.
    }
    if (!this.#running || opening !== this.#opening) return;
    if (behind) this.#again();
    else this.#listen();
  }
}
