import { EXIT } from '../errors/exit-codes.ts';

export type InterruptSignal = 'SIGINT' | 'SIGTERM';

const SIGNALS: readonly InterruptSignal[] = ['SIGINT', 'SIGTERM'];

/** Exit code of a command that `signal` ended. */
export const exitCodeOfSignal = (signal: InterruptSignal): number =>
  signal === 'SIGINT' ? EXIT.interrupted : EXIT.terminated;

/** Calls back at each Ctrl-C or SIGTERM, with how many there were. Returns the function that ends it. */
export function onInterrupt(callback: (signal: InterruptSignal, times: number) => void): () => void {
  let times = 0;
  const listener = (signal: NodeJS.Signals): void => {
    times += 1;
    callback(signal as InterruptSignal, times);
  };
  for (const signal of SIGNALS) process.on(signal, listener);
  return () => {
    for (const signal of SIGNALS) process.off(signal, listener);
  };
}
