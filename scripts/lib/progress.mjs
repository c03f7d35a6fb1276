/** Says on stderr what goes on, each step with its time. */

const HEARTBEAT_MS = 10_000;

export const say = (text) => process.stderr.write(`${text}\n`);

/** Ends the program with a message for people; no stack trace. */
export class SetupError extends Error {
  constructor(message, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Runs `work`, printing what it is, that it still runs (every 10 s), and how long it took. */
export async function step(title, work) {
  const started = Date.now();
  const seconds = () => `${((Date.now() - started) / 1000).toFixed(1)} s`;
  say(`> ${title} ...`);
  const heartbeat = setInterval(() => say(`  still at it (${seconds()})`), HEARTBEAT_MS);
  try {
    const result = await work();
    say(`  done in ${seconds()}`);
    return result;
  } finally {
    clearInterval(heartbeat);
  }
}
