import { createReprise, defineAgent, workflow } from '@reprise/core';
import { recordingMonitor } from '@reprise/core/testing';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { isTraceparent, RunTrace } from '../../src/shared/trace.ts';

const traceparentOf = (runId: string, parent: string | undefined, part: string): string =>
  new RunTrace(runId, parent).context(part);

const PARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00';

describe('trace context', () => {
  it('takes the trace and the flags of its parent, and a span of its own', () => {
    const own = traceparentOf('run', PARENT, 'task/1');
    expect(own).to.match(/^00-4bf92f3577b34da6a3ce929d0e0e4736-[0-9a-f]{16}-00$/);
    expect(own).to.not.equal(PARENT);
    expect(traceparentOf('run', PARENT, 'task/2')).to.not.equal(own);
  });

  it('is the same whenever it is derived again, and follows from the run without a parent', () => {
    const own = traceparentOf('run', undefined, 'task/1');
    expect(isTraceparent(own)).to.equal(true);
    expect(traceparentOf('run', undefined, 'task/1')).to.equal(own);
    expect(traceparentOf('other', undefined, 'task/1').slice(3, 35)).to.not.equal(own.slice(3, 35));
  });

  it('has a span of its own for every part', () => {
    const spans = new Set<string>();
    for (let task = 0; task < 300; task += 1)
      for (let attempt = 1; attempt <= 300; attempt += 1)
        spans.add(traceparentOf('run', PARENT, `each[${task}]/${attempt}`).slice(36, 52));
    expect(spans.size).to.equal(90_000);
    expect([...spans].filter((span) => !/^[0-9a-f]{16}$/.test(span) || span === '0'.repeat(16))).to.deep.equal([]);
    for (let digit = 0; digit < 16; digit += 1) {
      const counts = new Map<string, number>();
      for (const span of spans) counts.set(span.charAt(digit), (counts.get(span.charAt(digit)) ?? 0) + 1);
      expect(counts.size).to.equal(16);
      expect(Math.min(...counts.values()), `digit ${digit}`).to.be.greaterThan(4500);
    }
  });

  it('refuses what is not a traceparent', () => {
    for (const bad of ['', 'x', PARENT.replace('00-', '01-'), PARENT.replace(/[1-9a-f]/g, '0')]) {
      expect(isTraceparent(bad), bad).to.equal(false);
    }
  });

  it('reaches agents, on every attempt, in the trace that the run was started in', async () => {
    const seen: (string | undefined)[] = [];
    const agent = defineAgent({
      name: 'flaky',
      handle: (task: { readonly input: unknown; readonly attempt: number }, { traceparent }) => {
        seen.push(traceparent);
        if (task.attempt === 1) throw new Error('once');
        return null;
      },
    });
    const traced = workflow('traced', { version: '1' })
      .task('a', agent, { retry: { maxAttempts: 2, initialDelay: 0 } })
      .build();
    const monitor = recordingMonitor();
    const reprise = await createReprise({ workflows: [traced], plugins: [monitor.plugin] });
    await reprise.start();
    const run = await reprise.startRun<unknown>('traced', null, { traceparent: PARENT });
    await run.result();
    const refused = await reprise
      .startRun<unknown>('traced', null, { traceparent: 'x' })
      .catch((error: unknown) => error);
    await reprise.stop();
    expect(seen.map((context) => context?.slice(0, 36))).to.deep.equal([PARENT.slice(0, 36), PARENT.slice(0, 36)]);
    expect(new Set(seen).size).to.equal(2);
    expect(refused).to.have.property('code', 'REPRISE_INVALID_ID');
    const contexts = monitor.events.map(({ event }) => [
      event.type,
      'attempt' in event.data ? event.data['attempt'] : undefined,
      event.metadata.traceparent,
    ]);
    const ofRun = traceparentOf(run.id, PARENT, '');
    expect(contexts).to.deep.equal([
      ['RunStarted', undefined, ofRun],
      ['TaskScheduled', 1, seen[0]],
      ['TaskStarted', 1, seen[0]],
      ['TaskAttemptFailed', 1, seen[0]],
      ['TaskReady', undefined, ofRun],
      ['TaskScheduled', 2, seen[1]],
      ['TaskStarted', 2, seen[1]],
      ['TaskCompleted', 2, seen[1]],
      ['RunCompleted', undefined, ofRun],
    ]);
  });
});
