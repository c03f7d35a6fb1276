import { Connection } from './connection.ts';
import type { ConnectionSettings } from './connection-string.ts';

interface Shared {
  readonly connection: Connection;
  users: number;
}

const open = new Map<string, Shared>();

/** The one connection of this process with these settings, and what gives it back: the last one to do so ends it. */
export function shareConnection(settings: ConnectionSettings): {
  connection: Connection;
  release: () => Promise<void>;
} {
  const key = JSON.stringify(settings);
  const shared = open.get(key) ?? { connection: new Connection(settings), users: 0 };
  open.set(key, shared);
  shared.users += 1;
  return {
    connection: shared.connection,
    async release() {
      shared.users -= 1;
      if (shared.users > 0) return;
      open.delete(key);
      await shared.connection.end();
    },
  };
}
