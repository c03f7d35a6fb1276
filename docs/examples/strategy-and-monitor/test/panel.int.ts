import { teamConformance } from '@reprise/conformance';
import { workflow } from '@reprise/core';
import { simulate } from '@reprise/core/testing';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { panel, panelScheduler } from '../panel.ts';

const strategy = { name: 'panel', question: 'Is it good?', members: ['ann', 'bob', 'cid'] };
const jury = workflow('jury', { strategy }).build();
const plugins = [panelScheduler()];
const ill = () => Promise.reject(new Error('ill'));

describe('a panel', () => {
  it('gives what most of its members say', async () => {
    const agents = { ann: () => 'yes', bob: () => 'no', cid: () => 'yes' };
    const { outcome, calls } = await simulate(jury, { input: null, agents, plugins });
    expect(outcome).to.deep.equal({ status: 'completed', output: 'yes' });
    expect(calls).to.have.length(3);
  });

  it('gives up when nobody votes', async () => {
    const { outcome } = await simulate(jury, { input: null, agents: { ann: ill, bob: ill, cid: ill }, plugins });
    expect(outcome).to.have.nested.property('error.message', 'Nobody voted.');
  });
});

// What every strategy that leads teams has to keep, however its agents are.
teamConformance('panel', {
  create: () => panel,
  spec: { question: strategy.question, members: strategy.members },
  agents: { ann: () => 'yes', bob: () => 'no', cid: () => 'yes' },
});
