import { type ChildProcess, fork } from 'node:child_process';
import { extname } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { messageOf } from '../../../shared/errors.ts';
import { systemClock } from '../../../shared/system.ts';
import type { Channel, ChannelListener, Ending } from './channel.ts';
import { readAtPace } from './output-lines.ts';
import { type FromIsolate, type Thrown, unwrapped } from './protocol.ts';

const MAIN = fileURLToPath(new URL(`./child/main${extname(import.meta.url)}`, import.meta.url));

/** How long what a process wrote at its end is waited for: its pipes may be in the hands of processes of its own. In ms. */
const PIPES_MS = 200;

/** What is not for another process: a second debugger on the port of the first, what this one was to evaluate. */
const OWN_FLAGS = /^--(inspect|debug|eval|print|watch|test|max-old-space-size|max_old_space_size)/;

const POSIX = process.platform !== 'win32';

export function openProcess(memoryMiB: number, listener: ChannelListener): Channel {
  return new ProcessChannel(memoryMiB, listener);
}

class ProcessChannel implements Channel {
  readonly #child: ChildProcess;
  readonly #listener: ChannelListener;
  #thrown: Thrown | undefined;
  #overMemory = false;
  #stderr = '';
  #exited = false;
  #ended = false;

  constructor(memoryMiB: number, listener: ChannelListener) {
    this.#listener = listener;
    const child = fork(MAIN, [], {
      // It is ended by its pool, not by the Ctrl-C that this process begins to drain at; and what it has started ends with it.
      detached: POSIX,
      execArgv: [...process.execArgv.filter((flag) => !OWN_FLAGS.test(flag)), `--max-old-space-size=${memoryMiB}`],
      env: { ...process.env, REPRISE_ISOLATE_MEMORY_MIB: String(memoryMiB) },
      serialization: 'json',
      // The last is for the word of its watchdog.
      stdio: ['ignore', 'pipe', 'pipe', 'ipc', 'pipe'],
    });
    this.#child = child;
    const [, stdout, stderr, , watchdog] = child.stdio as unknown as readonly (Readable | undefined)[];
    if (stdout !== undefined) readAtPace(stdout, systemClock, (text) => listener.output('stdout', text));
    if (stderr !== undefined)
      readAtPace(stderr, systemClock, (text) => {
        this.#stderr = (this.#stderr + text).slice(-8192);
        listener.output('stderr', text);
      });
    watchdog?.on('data', () => {
      this.#overMemory = true;
    });
    watchdog?.on('error', () => undefined);
    child.on('message', (value) => {
      const message = unwrapped<FromIsolate>(value);
      if (message === undefined || this.#ended) return;
      if (message.type === 'uncaught') this.#thrown = message.thrown;
      else listener.message(message);
    });
    child.on('error', (error) => this.#end({ failure: messageOf(error) }));
    // It tells nothing any more. Mostly because it ends, of which is told next.
    child.on('disconnect', () => {
      systemClock.schedule(PIPES_MS, () => {
        if (!this.#exited) this.#end({ failure: 'it closed the channel to its pool' });
      });
    });
    child.on('exit', (code, signal) => {
      this.#killAll();
      this.#exited = true;
      this.#afterPipes(() => this.#end(this.#endingOf(code, signal)));
    });
    this.busy(false);
  }

  get name(): string {
    return `process ${this.#child.pid ?? '?'}`;
  }

  send(message: Parameters<Channel['send']>[0]): void {
    if (this.#ended || !this.#child.connected) return;
    this.#child.send({ reprise: message }, (error) => {
      // Whoever is gone is told of by its exit.
      if (error !== null && this.#child.connected) this.#end({ failure: messageOf(error) });
    });
  }

  kill(): void {
    this.#end({});
  }

  busy(busy: boolean): void {
    const { channel, stdio } = this.#child;
    const held = [this.#child, channel, ...stdio] as readonly ({ ref?(): void; unref?(): void } | null | undefined)[];
    for (const one of held) {
      if (busy) one?.ref?.();
      else one?.unref?.();
    }
  }

  /** What it said last is heard before its end is told. */
  #afterPipes(end: () => void): void {
    const timer = systemClock.schedule(PIPES_MS, end);
    this.#child.once('close', () => {
      timer.cancel();
      end();
    });
  }

  #endingOf(exitCode: number | null, signal: NodeJS.Signals | null): Ending {
    const aborted = signal === 'SIGABRT' || exitCode === 134;
    const memory = this.#overMemory || (aborted && /heap out of memory|Allocation failed/.test(this.#stderr));
    return {
      ...(exitCode === null ? {} : { exitCode }),
      ...(signal === null ? {} : { signal }),
      ...(memory ? { memory } : {}),
      ...(this.#thrown === undefined ? {} : { thrown: this.#thrown }),
    };
  }

  #end(ending: Ending): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#killAll();
    this.busy(false);
    this.#listener.ended(ending);
  }

  /** What the agent has started itself is in its group. */
  #killAll(): void {
    const { pid } = this.#child;
    // A number that is free again is another's.
    if (pid === undefined || this.#exited) return;
    try {
      if (POSIX) process.kill(-pid, 'SIGKILL');
      else this.#child.kill('SIGKILL');
    } catch {
      // It is gone already.
    }
  }
}
