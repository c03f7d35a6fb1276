import type { Json, JsonObject } from '@reprise/core';
import { expect } from 'chai';
import { loadTasks } from '../../../../src/definition/text/parse-workflow.ts';
import type { PureRun } from '../../pure-run.ts';
import { after, ends, ready, signal, status, undoAll } from '../playing.ts';

/** What a task is handed, once it is scheduled. */
const handed = (r: PureRun, id: string): Json | undefined => {
  r.schedule();
  return r.task(id).input;
};
const gives = (r: PureRun, output: Json) => expect(r.state).to.deep.include({ status: 'completed', output });
const failsWith = (r: PureRun, code: string) => {
  expect(r.state.status).to.equal('failed');
  expect(JSON.stringify(r.state.error)).to.contain(code);
};
/** Every attempt fails. */
const giveUp = (r: PureRun, id: string, code = 'BOOM') => {
  r.schedule(id);
  r.fail(id, { code, retryable: false });
};

/** Runs of examples, by name: the input, and what is to be seen. */
export const PLAYED: Readonly<Record<string, readonly [Json, (r: PureRun) => void]>> = {
  invoice: [
    'file',
    (r) => {
      expect(handed(r, 'read')).to.equal('file');
      r.complete('read', 1);
      expect(handed(r, 'check')).to.equal(1);
      r.complete('check', 2);
      expect(handed(r, 'pay')).to.equal(2);
      r.complete('pay', 3);
      gives(r, 3);
    },
  ],
  packing: [
    null,
    (r) => {
      r.schedule('take');
      r.complete('take', 'a box');
      const [sent] = [...(r.state.mail?.open.values() ?? [])];
      expect(sent).to.deep.include({ data: 'a box', subject: 'pack', receipt: 'wanted', n: 1 });
      expect(sent?.mailbox).to.match(/^>.+\/@parcels$/);
      expect(r.status('pack')).to.equal('running');
    },
  ],
  offer: [
    { goods: ['a'], customer: 'c' },
    (r) => {
      expect(handed(r, 'price')).to.deep.equal(['a']);
      r.complete('price', 7);
      expect(handed(r, 'write')).to.deep.equal({ price: 7, to: 'c', tone: 'friendly' });
      r.complete('write', 'Dear c');
      gives(r, { letter: 'Dear c', run: r.runId });
    },
  ],
  hearing: [
    'tape',
    (r) => {
      for (const id of ['transcribe', 'names', 'decisions']) {
        expect(r.ready()).to.deep.equal([id]);
        r.schedule(id);
        expect(r.ready()).to.deep.equal([]);
        r.complete(id, id);
      }
      expect(handed(r, 'write')).to.deep.equal({ names: 'names', decisions: 'decisions' });
    },
  ],
  survey: [
    ['a', 'b', 'c', 'd', 'e'],
    (r) => {
      r.schedule();
      for (const index of [0, 1, 2]) r.complete(`ask/call[${index}]`, index);
      gives(r, [0, 1, 2, null, null]);
      expect(r.of('BudgetReached')).to.have.length(1);
    },
  ],
  digest: [
    'text',
    (r) => {
      r.run('read/extract', 'extracted');
      r.send({ type: 'ScheduleTasks', strategy: 'test', assignments: [{ taskId: 'write', agent: 'writer' }] });
      expect(r.of('TaskHandedOff')[0]).to.deep.include({ taskId: 'write', agent: 'small-writer', budget: '' });
      r.run('write', 'written');
      gives(r, 'written');
    },
  ],
  outlook: [
    null,
    (r) => {
      r.schedule('collect');
      r.send({
        ...{ type: 'CompleteTask', taskId: 'collect', attempt: 1, output: 'collected' },
        usage: { tokens: 40_000 },
      });
      r.send({ type: 'ScheduleTasks', strategy: 'test', assignments: [{ taskId: 'write', agent: 'writer' }] });
      expect(r.of('BudgetAsked')[0]).to.deep.include({ taskId: 'write', assignee: 'kim', least: 10_000 });
      r.send({ type: 'AnswerForm', taskId: 'write', answer: { decision: 'approve', raise: 10_000 } });
      r.run('write', 'written');
      gives(r, 'written');
    },
  ],
  review: [
    'text',
    (r) => {
      r.run('fetch', 'raw');
      r.schedule();
      status(r, { 'check/spelling': 'scheduled', 'check/facts': 'ready' });
      r.complete('check/spelling');
      r.run('check/facts');
      const decide = (decision: JsonObject) =>
        r.send({
          type: 'Decide',
          scope: 'mend',
          strategy: 'hierarchical',
          format: 1,
          seen: r.state.revision,
          decision,
        });
      expect(handed(r, 'mend/draft')).to.have.property('told', null);
      r.complete('mend/draft', 'one');
      decide({ kind: 'reject', task: 'draft', feedback: 'shorter' });
      expect(handed(r, 'mend/draft')).to.have.property('told', 'shorter');
      r.complete('mend/draft', 'two');
      status(r, { mend: 'running' });
      decide({ kind: 'finish', output: 'two' });
      gives(r, 'two');
    },
  ],
  parcel: [
    { value: 5 },
    (r) => {
      r.run('weigh');
      status(r, { insure: 'skipped' });
      ready(r, 'send');
    },
  ],
  claim: [
    null,
    (r) => {
      r.run('assess', { risk: 3 });
      status(r, { expert: 'skipped', inform: 'skipped' });
      expect(handed(r, 'pay')).to.deep.equal({ risk: 3 });
      r.complete('pay');
      ready(r, 'archive');
    },
  ],
  travel: [
    { km: 900, hours: 9 },
    (r) => {
      status(r, { fly: 'skipped' });
      ends(r);
    },
  ],
  quote: [
    null,
    (r) => {
      after(r, 'west');
      ready(r);
      r.complete('north', 1);
      ready(r, 'first', 'compare');
      expect(handed(r, 'compare')).to.deep.equal({ north: 1, south: null, west: 'west done' });
      status(r, { south: 'scheduled' });
    },
  ],
  race: [
    null,
    (r) => {
      after(r, 'fast');
      status(r, { good: 'cancelled' });
      gives(r, 'fast done');
    },
  ],
  feeds: [
    null,
    (r) => {
      after(r, 'blogs');
      expect(handed(r, 'summary[1]')).to.deep.equal({ task: 'blogs', output: 'blogs done' });
      r.complete('summary[1]', 'b');
      r.complete('news');
      r.run('summary[0]', 'n');
      gives(r, ['n', 'b']);
    },
  ],
  mail: [
    { people: [{ address: 'a' }, { address: 'b' }] },
    (r) => {
      expect(handed(r, 'send[1]')).to.deep.equal({ to: 'b', number: 2 });
      r.complete('send[1]', 'sent');
      r.fail('send[0]', { retryable: false });
      gives(r, [null, 'sent']);
    },
  ],
  quotes: [
    { suppliers: ['a', 'b', 'c'] },
    (r) => {
      after(r, 'ask[0]', 'ask[2]');
      status(r, { 'ask[1]': 'cancelled' });
      expect(handed(r, 'choose')).to.deep.equal(['ask[0] done', null, 'ask[2] done']);
    },
  ],
  crawl: [
    { url: 'one' },
    (r) => {
      r.schedule();
      const directives = [{ kind: 'addItems', items: ['two'] }] as const;
      r.send({ type: 'CompleteTask', taskId: 'visit[0]', attempt: 1, output: 1, directives });
      r.run('visit[1]', 2);
      gives(r, [1, 2]);
    },
  ],
  essay: [
    { topic: 't' },
    (r) => {
      expect(handed(r, 'draft/write')).to.deep.equal({ topic: 't', review: null });
      r.complete('draft/write');
      r.run('draft/review', { good: false });
      expect(handed(r, 'draft/write')).to.deep.equal({ topic: 't', review: { good: false } });
      r.complete('draft/write');
      r.run('draft/review', { good: true });
      gives(r, { good: true });
    },
  ],
  pages: [
    null,
    (r) => {
      expect(handed(r, 'read/page')).to.equal(null);
      r.complete('read/page', { cursor: 'second' });
      expect(handed(r, 'read/page')).to.equal('second');
      r.complete('read/page', { cursor: null });
      gives(r, { cursor: null });
    },
  ],
  haggle: [
    null,
    (r) => {
      r.run('round/bid', { accepted: false });
      r.run('round/think', { enough: false });
      r.run('round/bid', { accepted: true, price: 9 });
      status(r, { 'round/think': 'cancelled' });
      gives(r, { for: 9 });
    },
  ],
  minutes: [
    'notes',
    (r) => {
      for (const [critique, complete] of [
        [null, false],
        [{ complete: false }, true],
      ] as const) {
        expect(handed(r, 'write')).to.deep.equal({ notes: 'notes', critique });
        r.complete('write', 'text');
        r.run('critic', { complete });
      }
      expect(handed(r, 'print')).to.equal('text');
    },
  ],
  order: [
    null,
    (r) => {
      r.run('check', { items: ['i'], customer: 'c' });
      expect(handed(r, 'book/pay')).to.deep.equal({ of: ['i'], for: 'c' });
      r.complete('book/pay', 'receipt');
      r.run('book/ship');
      expect(handed(r, 'thank')).to.equal('receipt');
    },
  ],
  tree: [
    null,
    (r) => {
      r.run('visit', { children: [] });
      gives(r, { visit: { children: [] }, below: null });
    },
  ],
  contract: [
    { id: '7' },
    (r) => {
      signal(r, 'signed-7', { signed: true });
      r.run('send');
      expect(handed(r, 'file')).to.deep.equal({ signed: true });
    },
  ],
  alarm: [
    null,
    (r) => {
      signal(r, 'motion', 'early');
      r.run('arm');
      status(r, { motion: 'running' });
      signal(r, 'motion', 'now');
      expect(handed(r, 'ring')).to.equal('now');
    },
  ],
  payment: [
    null,
    (r) => {
      signal(r, 'cash', 5);
      status(r, { card: 'cancelled', late: 'cancelled' });
      gives(r, { card: null, cash: 5, late: null });
    },
  ],
  publish: [
    { editor: 'kim' },
    (r) => {
      r.run('draft');
      expect(r.task('approved')).to.deep.include({ input: { text: 'draft done' } });
      expect(r.task('approved').form?.assignee).to.equal('kim');
      r.send({ type: 'AnswerForm', taskId: 'approved', answer: { decision: 'approve' } });
      ready(r, 'print');
    },
  ],
  find: [
    null,
    (r) => {
      r.run('cache', 'kept');
      gives(r, 'kept');
    },
  ],
  limit: [
    { amount: 9, limit: 5 },
    (r) => {
      failsWith(r, 'OVER_LIMIT');
      expect(JSON.stringify(r.state.error)).to.contain('at most 5').and.contain('"asked":9');
    },
  ],
  trial: [
    { places: ['here'] },
    (r) => {
      after(r, 'watch');
      signal(r, 'stop');
      status(r, { work: 'cancelled', watch: 'completed' });
      expect(r.state.output).to.deep.equal({
        work: null,
        watch: 'watch done',
        halt: ['work'],
        look: [null],
        enough: ['look'],
      });
    },
  ],
  flight: [
    null,
    (r) => {
      r.run('offer');
      status(r, { upgrade: 'running' });
      r.run('board');
      status(r, { upgrade: 'cancelled' });
    },
  ],
  deploy: [
    { host: 'h' },
    (r) => {
      ready(r, 'migrate');
      r.run('migrate');
      ready(r, 'backup');
    },
  ],
  answer: [
    { question: 'q' },
    (r) => {
      giveUp(r, 'ask');
      giveUp(r, 'ask', 'SMALL');
      expect(handed(r, 'ask')).to.deep.equal({ question: 'q', because: 'SMALL' });
      r.fail('ask', { retryable: false });
      gives(r, { text: 'Ask again later' });
    },
  ],
  audit: [
    'file',
    (r) => {
      giveUp(r, 'audit', 'STUCK');
      expect(handed(r, 'by-hand')).to.deep.include({ input: 'file' });
      giveUp(r, 'by-hand');
      gives(r, 'unknown');
    },
  ],
  shop: [
    null,
    (r) => {
      giveUp(r, 'book/pay', 'CARD_DECLINED');
      signal(r, 'new-card', 'gold');
      expect(handed(r, 'book/pay')).to.have.property('output', 'gold');
      r.complete('book/pay', 'paid');
      gives(r, 'paid');
    },
  ],
  trip: [
    null,
    (r) => {
      r.run('hotel');
      r.run('flight', { ticket: 'T' });
      r.run('pay');
      giveUp(r, 'confirm');
      expect(undoAll(r)).to.deep.equal(['pay@1', 'flight@1', 'hotel@1']);
      expect(r.task('flight@1').input).to.equal('T');
      failsWith(r, 'BOOM');
    },
  ],
  charge: [
    null,
    (r) => {
      r.run('quote');
      r.schedule();
      r.fail('charge', { code: 'REPRISE_OUTCOME_UNKNOWN', lost: true });
      expect(undoAll(r)).to.deep.equal(['charge@1']);
      failsWith(r, 'REPRISE_OUTCOME_UNKNOWN');
    },
  ],
  study: [
    null,
    (r) => {
      r.schedule();
      const tasks = loadTasks({ fetch: { agent: 'fetch', after: 'plan' } }, 'tasks');
      const directives = [{ kind: 'spawn', tasks, before: ['write'] }] as const;
      r.send({ type: 'CompleteTask', taskId: 'plan', attempt: 1, output: [], directives });
      ready(r, 'triage', 'fetch');
      r.run('triage');
      ready(r, 'fetch');
      r.run('fetch');
      ready(r, 'write');
    },
  ],
};
