import { Writable } from 'node:stream';
import type { JsonObject, ObservedEvent } from '@reprise/core/plugin';

export const observed = (type: string, data: JsonObject, runId = 'run1', revision = 3): ObservedEvent => ({
  runId,
  revision,
  event: {
    id: '00000000-0000-5000-8000-000000000000',
    type,
    time: 1_700_000_000_000,
    data,
    metadata: { causationId: 'command1', correlationId: runId, schemaVersion: 1 },
  },
});

/** A stream that keeps what is written to it. */
export class CapturingStream extends Writable {
  readonly chunks: string[] = [];

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.chunks.push(chunk.toString('utf8'));
    done();
  }

  get lines(): readonly Record<string, unknown>[] {
    const text = this.chunks.join('');
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }
}
