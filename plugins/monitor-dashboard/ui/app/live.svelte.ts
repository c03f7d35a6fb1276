import { get } from './api.ts';

// One stream for all tabs: the tab that holds a lock reads it, and tells the others.

export interface Told {
  /** Undefined: anything may have happened; read anew. */
  readonly runs: readonly { readonly runId: string; readonly revision: number }[] | undefined;
}

type Listener = (told: Told) => void;

class Live {
  connected = $state(false);
  readonly #listeners = new Set<Listener>();
  readonly #channel = new BroadcastChannel('reprise-live');
  #last = '';

  constructor() {
    this.#channel.onmessage = ({ data }: MessageEvent<Told & { readonly connected: boolean }>) => {
      this.connected = data.connected;
      this.#tell(data);
    };
    // For as long as this tab lives; another one takes over when it is gone.
    void navigator.locks.request('reprise-stream', () => {
      this.#read();
      return new Promise<never>(() => undefined);
    });
  }

  /** Calls back with what was appended, and when everything may have changed. Returns what ends it. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Everything is read anew: there was no session for a while. */
  again(): void {
    this.#tell({ runs: undefined });
  }

  #read(): void {
    const source = new EventSource('/api/v1/stream');
    const told = (runs: Told['runs']): void => {
      this.connected = source.readyState === EventSource.OPEN;
      this.#channel.postMessage({ runs, connected: this.connected });
      this.#tell({ runs });
    };
    source.addEventListener('snapshot', ({ lastEventId }) => {
      // The server has told what was missed since: only who begins elsewhere reads anew.
      const isBack = this.#last !== '' && lastEventId === this.#last;
      this.#last = lastEventId;
      told(isBack ? [] : undefined);
    });
    source.addEventListener('change', ({ data, lastEventId }: MessageEvent<string>) => {
      this.#last = lastEventId;
      told((JSON.parse(data) as Told).runs);
    });
    source.addEventListener('reset', ({ lastEventId }) => {
      this.#last = lastEventId;
      told(undefined);
    });
    source.onerror = () => {
      this.connected = false;
      this.#channel.postMessage({ runs: [], connected: false });
      // Closed for good when the answer was no stream (the session is gone): tried again all the same.
      if (source.readyState !== EventSource.CLOSED) return;
      setTimeout(() => this.#read(), 5000);
      // Whether it is the session that is gone, its answer says.
      get('/session').catch(() => undefined);
    };
  }

  #tell(told: Told): void {
    for (const listener of this.#listeners) listener(told);
  }
}

export const live = new Live();
