import { randomUUID, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { dirname } from 'node:path';
import { text } from 'node:stream/consumers';

// How `stop` and `status` reach the process that has a cluster: by a port of 127.0.0.1 and a word that only its user can read. No number of a process is
// trusted, which may be another's by now.

interface Whereabouts {
  readonly port: number;
  readonly token: string;
}

export type Asked = 'status' | 'stop';

export interface Control {
  close(): Promise<void>;
}

/** Answers until it is closed. `answer` may take its time; the file names the way here. */
export async function openControl(file: string, answer: (asked: Asked) => Promise<unknown>): Promise<Control> {
  const token = randomUUID();
  const isToken = (given: unknown): boolean =>
    typeof given === 'string' &&
    given.length === token.length &&
    timingSafeEqual(Buffer.from(given), Buffer.from(token));
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined);
    const reply = async (): Promise<void> => {
      const { token: given, asked } = JSON.parse(await text(socket)) as { token?: unknown; asked?: unknown };
      if (!isToken(given) || (asked !== 'status' && asked !== 'stop')) return;
      socket.end(JSON.stringify(await answer(asked)));
    };
    reply()
      .catch(() => undefined)
      .finally(() => socket.end());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  mkdirSync(dirname(file), { recursive: true });
  rmSync(file, { force: true });
  writeFileSync(file, JSON.stringify({ port, token } satisfies Whereabouts), { mode: 0o600, flag: 'wx' });
  return {
    close: async () => {
      rmSync(file, { force: true });
      server.close();
    },
  };
}

/** What it answers; undefined when nobody is there. */
export async function ask(file: string, asked: Asked): Promise<unknown> {
  try {
    const { port, token } = JSON.parse(readFileSync(file, 'utf8')) as Whereabouts;
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    socket.end(JSON.stringify({ token, asked }));
    const answer = await text(socket);
    return answer === '' ? undefined : JSON.parse(answer);
  } catch {
    return undefined;
  }
}
