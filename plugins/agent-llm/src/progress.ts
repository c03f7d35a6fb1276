import type { AgentContext, Clock } from '@reprise/core/plugin';

/** A message for each token would be too many: text goes out when there is so much of it, or so long after the last. */
const CHARS = 200;
const EVERY_MS = 100;

type Kind = 'text' | 'reasoning';

/** Emits what a model says, as it says it: `{ kind, turn, request, text }`, in pieces that follow each other without a gap. */
export class Progress {
  readonly #context: Pick<AgentContext, 'emit' | 'heartbeat'>;
  readonly #clock: Clock;
  readonly #turn: number;
  #request = 0;
  #kind: Kind = 'text';
  #text = '';
  #last = 0;

  constructor(context: Pick<AgentContext, 'emit' | 'heartbeat'>, clock: Clock, turn: number) {
    this.#context = context;
    this.#clock = clock;
    this.#turn = turn;
  }

  /** Another request begins: what comes now is said instead of what came before. */
  begin(): void {
    this.flush();
    this.#request += 1;
    this.#last = this.#clock.now();
  }

  heard(kind: Kind, text: string): void {
    if (text === '') return this.#context.heartbeat();
    if (kind !== this.#kind) this.flush();
    this.#kind = kind;
    this.#text += text;
    if (this.#text.length >= CHARS || this.#clock.now() - this.#last >= EVERY_MS) this.flush();
  }

  flush(): void {
    if (this.#text === '') return;
    this.#context.emit({ kind: this.#kind, turn: this.#turn, request: this.#request, text: this.#text });
    this.#text = '';
    this.#last = this.#clock.now();
  }
}
