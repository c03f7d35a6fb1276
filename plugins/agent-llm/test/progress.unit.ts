import type { Json } from '@reprise/core';
import { ManualClock } from '@reprise/core/testing';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { Progress } from '../src/progress.ts';

describe('what a model says while it speaks', () => {
  const listen = () => {
    const emitted: { kind?: string; text?: string; request?: number }[] = [];
    let beats = 0;
    const clock = new ManualClock();
    const beat = (): void => {
      beats += 1;
    };
    const context = { emit: (said: Json) => void emitted.push(said as object), heartbeat: () => beat() };
    return { emitted, clock, beats: () => beats, progress: new Progress(context, clock, 3) };
  };

  it('is gathered: a message for so much text, or for so much time', async () => {
    const { emitted, clock, progress } = listen();
    progress.begin();
    for (let at = 0; at < 1000; at += 1) progress.heard('text', 'word ');
    expect(emitted).to.have.length(25);
    progress.heard('text', 'late');
    expect(emitted).to.have.length(25);
    await clock.advance(100);
    progress.heard('text', 'r');
    expect(emitted.at(-1)).to.deep.equal({ kind: 'text', turn: 3, request: 1, text: 'later' });
  });

  it('loses nothing, whatever comes between: another kind, another request, the end', () => {
    const { emitted, progress, beats } = listen();
    progress.begin();
    progress.heard('reasoning', 'hm');
    progress.heard('text', 'yes');
    progress.heard('reasoning', '');
    progress.begin();
    progress.heard('text', 'no');
    progress.flush();
    progress.flush();
    expect(emitted.map(({ kind, request, text }) => `${request} ${kind} ${text}`)).to.deep.equal([
      '1 reasoning hm',
      '1 text yes',
      '2 text no',
    ]);
    expect(beats(), 'what is no text is a sign of life').to.equal(1);
  });
});
