import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** Stands between clients and a server, at a port that stays the same: where a network breaks. */
export class Wire {
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #port: number;
  #frozen = false;

  /** Default: a port that is free. */
  constructor(port = 0) {
    this.#port = port;
  }

  get port(): number {
    return this.#port;
  }

  async open(target: number): Promise<void> {
    this.#server = createServer((client) => {
      const server = connect(target, '127.0.0.1');
      for (const [socket, other] of [
        [client, server],
        [server, client],
      ] as const) {
        this.#sockets.add(socket);
        socket.setNoDelay(true);
        socket.on('error', () => other.destroy());
        socket.on('close', () => {
          this.#sockets.delete(socket);
          other.destroy();
        });
        socket.pipe(other);
        if (this.#frozen) socket.pause();
      }
    });
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  breakAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Nothing comes through, in either direction, and nothing breaks. */
  freeze(frozen: boolean): void {
    this.#frozen = frozen;
    for (const socket of this.#sockets) {
      if (frozen) socket.unpipe().pause();
      else socket.destroy();
    }
  }

  async close(): Promise<void> {
    this.breakAll();
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    server.close();
    await once(server, 'close');
  }
}
