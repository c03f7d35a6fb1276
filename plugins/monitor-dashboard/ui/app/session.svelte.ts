import { get, Problem, post, whenNoSession } from './api.ts';
import { live } from './live.svelte.ts';

interface About {
  readonly role: 'viewer' | 'operator';
  readonly by: string;
  readonly canEnd: boolean;
}

class Session {
  role = $state<'viewer' | 'operator'>('viewer');
  by = $state('');
  /** It was begun with a token, and can be ended. */
  canEnd = $state(false);
  /** It has ended, and nothing can be read before there is another. */
  lost = $state(false);
  #leaving = false;
  /** What is to be asked before something is changed; shown as a dialog. */
  asking = $state.raw<Asking | undefined>(undefined);
  said = $state.raw<{ readonly text: string; readonly bad: boolean } | undefined>(undefined);

  constructor() {
    whenNoSession(() => {
      if (!this.#leaving) this.lost = true;
    });
  }

  async begin(): Promise<void> {
    const { role, by, canEnd } = await get<About>('/session');
    // Somebody else sits here now: nothing of what the one before saw, or had begun to write, stays.
    if (this.by !== '' && this.by !== by) return location.reload();
    this.role = role;
    this.by = by;
    this.canEnd = canEnd;
    if (!this.lost) return;
    this.lost = false;
    this.said = undefined;
    live.again();
  }

  /** Begins another one with a token, and goes on. Rejects with a Problem. */
  async enter(token: string): Promise<void> {
    await post('/login', { token });
    await this.begin();
  }

  /** Goes on if there is a session again. */
  look(): void {
    this.begin().catch(() => undefined);
  }

  async end(): Promise<void> {
    this.#leaving = true;
    await post('/logout', {});
    location.assign('/');
  }

  get mayOperate(): boolean {
    return this.role === 'operator';
  }

  /** Asks why, then changes something. */
  change(
    title: string,
    about: string,
    path: string,
    body: object,
    { danger = false, done = () => undefined }: ChangeOptions = {},
  ): void {
    this.asking = {
      title,
      about,
      danger,
      go: async (reason) => {
        const answer = await post<{ readonly newRunId?: string }>(path, { ...body, reason });
        this.said = { text: `${title}: done.`, bad: false };
        done(answer);
      },
    };
  }

  fail(error: unknown): void {
    if (this.lost) return; // that says it all
    this.said = { text: error instanceof Problem ? `${error.message} (${error.code})` : String(error), bad: true };
  }
}

export interface ChangeOptions {
  readonly danger?: boolean;
  readonly done?: (answer: { readonly newRunId?: string }) => void;
}

export interface Asking {
  readonly title: string;
  readonly about: string;
  readonly danger: boolean;
  go(reason: string): Promise<void>;
}

export const session = new Session();
