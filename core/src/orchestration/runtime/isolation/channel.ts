import type { FromIsolate, Thrown, ToIsolate } from './protocol.ts';

/** How an isolate ended. */
export interface Ending {
  readonly exitCode?: number;
  readonly signal?: string;
  /** It was over its limit of memory. */
  readonly memory?: true;
  /** What nobody caught. */
  readonly thrown?: Thrown;
  /** It could not be made, or the channel to it broke. */
  readonly failure?: string;
}

export interface ChannelListener {
  message(message: FromIsolate): void;
  /** What was written to its standard output or error. */
  output(stream: 'stdout' | 'stderr', text: string): void;
  /** Once; nothing comes after it. */
  ended(ending: Ending): void;
}

/** A thread or a process, and the way to it. */
export interface Channel {
  /** `thread 3`, `process 4711`: for people. */
  readonly name: string;
  /** Does not throw: what cannot be sent ends the isolate. */
  send(message: ToIsolate): void;
  /** At once, whatever it does. */
  kill(): void;
  /** Whether an agent is at work in it: then it keeps this process alive, and its memory is looked at. */
  busy(busy: boolean): void;
}

export type OpenChannel = (memoryMiB: number, listener: ChannelListener) => Channel;
