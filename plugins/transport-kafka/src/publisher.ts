import type { KafkaDriver, OutgoingRecord } from './driver.ts';
import { Pace } from './pace.ts';

/** What is to be sent, made when its turn comes. */
export type Prepare = () => Promise<readonly OutgoingRecord[]>;

interface Waiting {
  readonly prepare: Prepare;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

const CALLS_TOGETHER = 1000;
/** Of one call to the driver: what goes to one partition is one batch of records there, and a topic takes 8 MiB. */
const BATCH_RECORDS = 2000;
const BATCH_BYTES = 4 * 1024 * 1024;

/** Sends in the order of the calls: one batch is on its way, and what is published meanwhile, or soon after it began, goes together in the next. */
export class Publisher {
  readonly #driver: KafkaDriver;
  readonly #pace = new Pace();
  #waiting: Waiting[] = [];
  #sending: Promise<void> | undefined;

  constructor(driver: KafkaDriver) {
    this.#driver = driver;
  }

  send(prepare: Prepare): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ prepare, resolve, reject });
      this.#sending ??= this.#send();
    });
  }

  /** Resolves when nothing is on its way. */
  async settled(): Promise<void> {
    await this.#sending;
  }

  async #send(): Promise<void> {
    // What is published in the same turn goes together.
    await undefined;
    while (this.#waiting.length > 0) {
      await this.#pace.wait();
      this.#pace.begin();
      const calls = this.#waiting.splice(0, CALLS_TOGETHER);
      const ready = await Promise.all(calls.map((call) => this.#prepare(call)));
      const sent = ready.filter((one) => one !== undefined);
      try {
        for (const chunk of chunks(sent.flatMap(({ records }) => records))) await this.#driver.send(chunk);
        for (const { call } of sent) call.resolve();
      } catch (error) {
        for (const { call } of sent) call.reject(error);
      }
    }
    this.#sending = undefined;
  }

  /** Undefined of a call that cannot be sent: it has been told so. */
  async #prepare(call: Waiting): Promise<{ call: Waiting; records: readonly OutgoingRecord[] } | undefined> {
    try {
      return { call, records: await call.prepare() };
    } catch (error) {
      call.reject(error);
      return undefined;
    }
  }
}

/** In their order; a record that is larger by itself is a chunk of its own. */
function chunks(records: readonly OutgoingRecord[]): OutgoingRecord[][] {
  const made: OutgoingRecord[][] = [];
  let bytes = 0;
  for (const record of records) {
    const size = record.value?.byteLength ?? 0;
    const last = made.at(-1);
    if (last === undefined || last.length >= BATCH_RECORDS || bytes + size > BATCH_BYTES) {
      made.push([record]);
      bytes = size;
    } else {
      last.push(record);
      bytes += size;
    }
  }
  return made;
}
