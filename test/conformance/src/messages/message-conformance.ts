import { describe, it } from 'mocha';
import { bePatient } from '../patience.ts';
import type { MessageProtocol } from './message-protocol.ts';
import { problemOf } from './play.ts';
import { readVectors } from './vectors.ts';

/** Makes the implementation under test, anew for each test. `timeoutMs`: of a test. */
export interface MessageProtocolFactory {
  create(): MessageProtocol;
  /** How long one test may take, in ms. Default 30,000. */
  readonly timeoutMs?: number;
}

/** Registers a mocha suite that runs the vectors of messages (vectors/messages/*.json), a test each. */
export function messageConformance(name: string, factory: MessageProtocolFactory): void {
  describe(`message conformance: ${name}`, function () {
    bePatient(this, factory.timeoutMs);
    for (const { file, vectors } of readVectors())
      describe(file, () => {
        for (const vector of vectors)
          it(vector.name, async () => {
            const problem = await problemOf(factory.create(), vector);
            if (problem !== undefined) throw new Error(problem);
          });
      });
  });
}

/** The vectors themselves, and what an implementation does otherwise than one says: for other runners than mocha. */
export const messageVectors = { read: readVectors, problemOf } as const;
