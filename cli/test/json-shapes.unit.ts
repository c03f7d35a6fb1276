import { encodePosition, type RecordedEvent } from '@reprise/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { eventLine } from '../src/output/json-shapes.ts';

const at = (position: string): RecordedEvent => ({
  id: '0197c2a4-6c53-7b3e-a1c0-0a6f4d1b2c3d',
  type: 'Tested',
  time: 0,
  data: {},
  metadata: { causationId: 'c', correlationId: 'a', schemaVersion: 1 },
  stream: 'run-a',
  revision: 3,
  position,
});

describe('the position of an event, in JSON', () => {
  const printed = (position: string): unknown =>
    (eventLine({ revision: 3, recorded: at(position), unreadable: '' }) as { position: unknown }).position;

  it('is a number where the store counts', () => {
    expect(printed(encodePosition(0))).to.equal(0);
    expect(printed(encodePosition(1207))).to.equal(1207);
    expect(printed(encodePosition(Number.MAX_SAFE_INTEGER))).to.equal(Number.MAX_SAFE_INTEGER);
  });

  it('is the text of the store otherwise, also when as a number it would be another one', () => {
    for (const position of ['', 'C:7/P:7', '0x10', '9999999999999999', '-1', '1e3'])
      expect(printed(position)).to.equal(position);
  });
});
