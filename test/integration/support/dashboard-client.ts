/** A change that the stream has told. */
export interface Told {
  readonly id: string;
  readonly event: string;
  readonly runs: readonly string[];
}

/** A browser without a window: the session of a printed link, the API, and the stream. */
export class DashboardClient {
  readonly origin: string;
  readonly told: Told[] = [];
  readonly #cookie: string;
  readonly #leaving = new AbortController();

  private constructor(origin: string, cookie: string) {
    this.origin = origin;
    this.#cookie = cookie;
  }

  static async enter(link: string): Promise<DashboardClient> {
    const response = await fetch(link);
    if (response.status !== 200) throw new Error(`${link}: ${response.status}`);
    const cookie = (response.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    return new DashboardClient(new URL(link).origin, cookie);
  }

  async get<T = Readonly<Record<string, unknown>>>(path: string): Promise<T> {
    return this.#answer<T>(path, {});
  }

  async post<T = Readonly<Record<string, unknown>>>(path: string, body: object): Promise<T> {
    const headers = { 'content-type': 'application/json', origin: this.origin };
    return this.#answer<T>(path, { method: 'POST', headers, body: JSON.stringify(body) });
  }

  /** Reads the stream from now, or from after `id`, until leave(). */
  async listen(id?: string): Promise<void> {
    const headers = { cookie: this.#cookie, ...(id === undefined ? {} : { 'last-event-id': id }) };
    const response = await fetch(`${this.origin}/api/v1/stream`, { headers, signal: this.#leaving.signal });
    if (response.status !== 200) throw new Error(`the stream: ${response.status} ${await response.text()}`);
    const reading = async (): Promise<void> => {
      let text = '';
      for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
        text += chunk;
        const messages = text.split('\n\n');
        text = messages.pop() ?? '';
        for (const message of messages) this.#take(message);
      }
    };
    reading().catch(() => undefined); // the server or this client has left
  }

  /** Waits until `of` gives something that holds; fails after `withinMs`. */
  async until<T>(what: string, of: () => T | Promise<T>, holds: (value: T) => boolean, withinMs = 20_000): Promise<T> {
    const end = performance.now() + withinMs;
    for (;;) {
      const value = await of();
      if (holds(value)) return value;
      if (performance.now() > end) throw new Error(`${what}: still ${JSON.stringify(value)?.slice(0, 1000)}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  leave(): void {
    this.#leaving.abort();
  }

  #take(message: string): void {
    const lines = new Map(
      message.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
    );
    const data = lines.get('data');
    if (data === undefined) return;
    const { runs = [] } = JSON.parse(data) as { readonly runs?: readonly { readonly runId: string }[] };
    this.told.push({
      id: lines.get('id') ?? '',
      event: lines.get('event') ?? '',
      runs: runs.map(({ runId }) => runId),
    });
  }

  async #answer<T>(path: string, options: RequestInit): Promise<T> {
    const headers = { ...options.headers, cookie: this.#cookie };
    const response = await fetch(`${this.origin}/api/v1${path}`, { ...options, headers });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
    return JSON.parse(text) as T;
  }
}
