import { get, Problem, post } from './api.ts';

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
  /** What is to be asked before something is changed; shown as a dialog. */
  asking = $state.raw<Asking | undefined>(undefined);
  said = $state.raw<{ readonly text: string; readonly bad: boolean } | undefined>(undefined);

  async begin(): Promise<void> {
    const { role, by, canEnd } = await get<About>('/session');
    this.role = role;
    this.by = by;
    this.canEnd = canEnd;
  }

  async end(): Promise<void> {
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
