import { Heap } from '../../shared/heap.ts';
import type { AnnouncedAgent, Announcement } from '../messaging/announcements.ts';

/** What a worker can take of an agent: as it announced, less what was sent to it since, and more by what has ended there. */
interface Room {
  readonly places: readonly number[];
  readonly concurrency: number;
  free: number;
  next: number;
}

/** Where a dispatch was sent. */
export interface Placed {
  readonly agent: string;
  readonly worker: string;
  readonly place: number;
}

/** A dispatch that a worker has given back, as it has no room for it. */
export interface Returned {
  readonly runId: string;
  readonly taskId: string;
  readonly attempt: number;
  readonly priority: number;
}

interface Waiting extends Returned {
  readonly order: number;
}

/**
 * Who has room for an attempt, where workers say from which places of the transport they take, and what waits for room, the most urgent first. Rooms are estimates: other
 * orchestrators send, too. A worker that was sent more than it has room for gives it back within half a second.
 */
export class Rooms {
  readonly #workers = new Map<string, Map<string, Room>>();
  readonly #waiting = new Map<string, Heap<Waiting>>();
  readonly #send: (returned: Returned) => void;
  #order = 0;

  /** `send`: there is room for what was given back. */
  constructor(send: (returned: Returned) => void) {
    this.#send = send;
  }

  heard({ worker, agents }: Announcement): void {
    for (const [agent, rooms] of this.#workers)
      if (!agents.some(({ name }) => name === agent) && rooms.delete(worker) && rooms.size === 0)
        this.#workers.delete(agent);
    for (const announced of agents) this.#announced(worker, announced);
  }

  #announced(worker: string, { name, free, concurrency, places = [] }: AnnouncedAgent): void {
    let rooms = this.#workers.get(name);
    if (rooms === undefined) {
      rooms = new Map();
      this.#workers.set(name, rooms);
    }
    rooms.set(worker, { places, concurrency, free, next: rooms.get(worker)?.next ?? 0 });
    this.#flush(name);
  }

  /** It is not there any more. */
  forget(worker: string): void {
    this.heard({ worker, agents: [] });
  }

  /** Takes room for one attempt, at whoever has most. Undefined: nobody is known to have any. */
  take(agent: string): Placed | undefined {
    let best: { readonly worker: string; readonly room: Room } | undefined;
    for (const [worker, room] of this.#workers.get(agent) ?? [])
      if (room.free > 0 && room.places.length > 0 && room.free > (best?.room.free ?? 0)) best = { worker, room };
    if (best === undefined) return undefined;
    const { worker, room } = best;
    room.free -= 1;
    room.next = (room.next + 1) % room.places.length;
    return { agent, worker, place: room.places[room.next] ?? 0 };
  }

  /** What was sent there has ended. */
  freed({ agent, worker }: Placed): void {
    const room = this.#workers.get(agent)?.get(worker);
    if (room === undefined) return;
    room.free = Math.min(room.concurrency, room.free + 1);
    this.#flush(agent);
  }

  /** A worker has none, whatever was thought. */
  full(agent: string, worker: string): void {
    const room = this.#workers.get(agent)?.get(worker);
    if (room !== undefined) room.free = 0;
  }

  /** To be sent when somebody has room. */
  wait(agent: string, returned: Returned): void {
    let waiting = this.#waiting.get(agent);
    if (waiting === undefined) {
      waiting = new Heap<Waiting>(
        (a, b) => a.priority > b.priority || (a.priority === b.priority && a.order < b.order),
      );
      this.#waiting.set(agent, waiting);
    }
    this.#order += 1;
    waiting.push({ ...returned, order: this.#order });
    this.#flush(agent);
  }

  clear(): void {
    this.#workers.clear();
    this.#waiting.clear();
  }

  /** Whatever is sent takes room; what has ended meanwhile takes none. */
  #flush(agent: string): void {
    const waiting = this.#waiting.get(agent);
    if (waiting === undefined) return;
    while (waiting.size > 0 && this.#hasRoom(agent)) {
      const next = waiting.pop();
      if (next !== undefined) this.#send(next);
    }
    if (waiting.size === 0 && this.#waiting.get(agent) === waiting) this.#waiting.delete(agent);
  }

  #hasRoom(agent: string): boolean {
    const rooms = this.#workers.get(agent)?.values() ?? [];
    for (const { free, places } of rooms) if (free > 0 && places.length > 0) return true;
    return false;
  }
}
