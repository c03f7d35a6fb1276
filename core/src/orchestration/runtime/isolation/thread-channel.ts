import { extname } from 'node:path';
import { Worker, type WorkerOptions } from 'node:worker_threads';
import type { ScheduledCall } from '../../../shared/clock.ts';
import { messageOf } from '../../../shared/errors.ts';
import { systemClock } from '../../../shared/system.ts';
import type { Channel, ChannelListener, Ending } from './channel.ts';
import { readAtPace } from './output-lines.ts';
import { type FromIsolate, unwrapped } from './protocol.ts';
import { thrownOf } from './thrown.ts';

const MAIN = new URL(`./child/main${extname(import.meta.url)}`, import.meta.url);

/** How often the memory of a thread is looked at, in ms: while an agent is at work in it, and while none is. */
const LOOK_MS = 25;
const IDLE_LOOK_MS = 250;
/** So often in a row it may be over its limit: what it holds includes what V8 has yet to collect. */
const MOST_OVER = 4;
/**
 * What V8 lets it have beyond its limit. V8's own limit is none for a thread: one allocation beyond it ends the whole process (ADR 20). So a thread that is
 * over its limit is ended from here, long before it gets there.
 */
const BEYOND_MIB = 2048;
const MIB = 1024 * 1024;

export function openThread(memoryMiB: number, listener: ChannelListener): Channel {
  return new ThreadChannel(memoryMiB, listener);
}

class ThreadChannel implements Channel {
  readonly name: string;
  readonly #worker: Worker;
  readonly #limit: number;
  readonly #listener: ChannelListener;
  #ending: Ending = {};
  #ended = false;
  #busy = false;
  #online = false;
  #over = 0;
  #look: ScheduledCall | undefined;

  constructor(memoryMiB: number, listener: ChannelListener) {
    this.#limit = memoryMiB * MIB;
    this.#listener = listener;
    const options: WorkerOptions = {
      name: 'reprise-agent',
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: memoryMiB + BEYOND_MIB },
    };
    const worker = new Worker(MAIN, options);
    this.#worker = worker;
    this.name = `thread ${worker.threadId}`;
    readAtPace(worker.stdout, systemClock, (text) => listener.output('stdout', text));
    readAtPace(worker.stderr, systemClock, (text) => listener.output('stderr', text));
    worker.once('online', () => {
      this.#online = true;
      this.#watch();
    });
    worker.on('message', (value) => {
      const message = unwrapped<FromIsolate>(value);
      if (message !== undefined && !this.#ended) listener.message(message);
    });
    worker.on('messageerror', (error) => this.#end({ failure: messageOf(error) }));
    worker.on('error', (error) => {
      const memory = (error as { readonly code?: unknown }).code === 'ERR_WORKER_OUT_OF_MEMORY';
      this.#ending = memory ? { memory } : { thrown: thrownOf(error) };
    });
    worker.on('exit', (exitCode) => this.#end({ exitCode, ...this.#ending }));
  }

  send(message: Parameters<Channel['send']>[0]): void {
    try {
      this.#worker.postMessage({ reprise: message });
    } catch (error) {
      this.#end({ failure: messageOf(error) });
    }
  }

  kill(): void {
    this.#end({});
  }

  busy(busy: boolean): void {
    if (this.#ended) return;
    this.#busy = busy;
    if (busy) this.#worker.ref();
    else this.#worker.unref();
    this.#look?.cancel();
    this.#watch();
  }

  /** Answered by the thread whatever it does, once it runs. One look does not wait for the one before. */
  #watch(): void {
    if (this.#ended || !this.#online) return;
    this.#look = systemClock.schedule(this.#busy ? LOOK_MS : IDLE_LOOK_MS, () => {
      this.#watch();
      this.#worker.getHeapStatistics().then(
        ({ used_heap_size: heap, external_memory: buffers }) => this.#judge(heap + buffers),
        // It is ending.
        () => undefined,
      );
    });
  }

  #judge(held: number): void {
    this.#over = held > this.#limit ? this.#over + 1 : 0;
    if (this.#over >= MOST_OVER || held > 2 * this.#limit) this.#end({ memory: true });
  }

  #end(ending: Ending): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#look?.cancel();
    // What a thread that is told to end still throws is nobody's.
    this.#worker.terminate().catch(() => undefined);
    this.#worker.unref();
    this.#listener.ended(ending);
  }
}
