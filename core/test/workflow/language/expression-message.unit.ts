import { expect } from 'chai';
import { describe, it } from 'mocha';
import { run } from './yaml-run.ts';

describe('the message of an expression that fails', () => {
  it('says once what was wrong', () => {
    const r = run('a: { agent: a, when: input.card == 1 }', { crd: 1 });
    const { message = '' } = r.task('a').error ?? {};
    expect(message.split('No such key: card')).to.have.length(2);
    expect(message).to.not.include('caused by');
  });
});
