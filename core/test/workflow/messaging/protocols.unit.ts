import { expect } from 'chai';
import fc from 'fast-check';
import { type A2AState, fromA2A, toA2A } from '../../../src/orchestration/workflow/messaging/a2a-states.ts';
import {
  advance,
  allowed,
  isOpen,
  type OpenStage,
  owes,
  type Protocol,
  protocolOf,
  type Role,
  type Stage,
  stagesOf,
} from '../../../src/orchestration/workflow/messaging/protocols.ts';
import { PERFORMATIVES, type Performative } from '../../../src/shared/performatives.ts';

// The tables as a person would write them: stage, who, what is said, what it comes to. What is not here may not be said.
const ASKING = `
asked       participant agree   agreed
asked       participant refuse  refused
asked       participant inform  done
asked       participant failure failed
asked       participant query   more-needed
asked       initiator   cancel  cancelling
agreed      participant inform  done
agreed      participant failure failed
agreed      participant query   more-needed
agreed      initiator   cancel  cancelling
more-needed participant failure failed
more-needed initiator   inform  asked
more-needed initiator   cancel  cancelling
cancelling  participant inform  cancelled
cancelling  participant failure failed
cancelling  participant refuse  refused
cancelling  participant agree   cancelling
cancelling  participant query   cancelling`;

const RULES: Readonly<Record<Protocol, string>> = {
  request: ASKING,
  query: ASKING,
  'contract-net': `
asked       participant propose         proposed
asked       participant refuse          refused
asked       initiator   cancel          cancelled
proposed    participant failure         failed
proposed    initiator   accept-proposal accepted
proposed    initiator   reject-proposal rejected
proposed    initiator   cancel          cancelled
accepted    participant inform          done
accepted    participant failure         failed
accepted    initiator   cancel          cancelling
cancelling  participant inform          cancelled
cancelling  participant failure         failed`,
  subscribe: `
asked       participant agree   subscribed
asked       participant refuse  refused
asked       participant inform  subscribed
asked       participant failure failed
asked       initiator   cancel  cancelled
subscribed  participant inform  subscribed
subscribed  participant failure failed
subscribed  initiator   cancel  cancelled`,
};

const PROTOCOLS = Object.keys(RULES) as Protocol[];
const ROLES: readonly Role[] = ['initiator', 'participant'];

describe('the protocols of conversations', () => {
  for (const protocol of PROTOCOLS) {
    const rules = new Map(
      RULES[protocol]
        .trim()
        .split('\n')
        .map((line) => line.split(/\s+/))
        .map(([stage, role, said, next]) => [`${stage} ${role} ${said}`, next as Stage]),
    );
    it(`${protocol}: every stage, role and performative`, () => {
      let count = 0;
      for (const stage of stagesOf(protocol))
        for (const role of ROLES)
          for (const said of PERFORMATIVES) {
            const expected = said === 'not-understood' ? said : rules.get(`${stage} ${role} ${said}`);
            expect(advance(protocol, stage, role, said), `${stage} ${role} ${said}`).to.equal(expected);
            expect(allowed(protocol, stage, role).includes(said)).to.equal(expected !== undefined);
            if (expected !== undefined && said !== 'not-understood') count += 1;
          }
      expect(count).to.equal(rules.size);
    });

    it(`${protocol}: whoever says what is allowed comes to an end, at which nothing is`, () => {
      fc.assert(
        fc.property(fc.infiniteStream(fc.nat(1000)), (dice) => {
          let stage: Stage = 'asked';
          const roll = (most: number): number => (dice.next().value ?? 0) % most;
          for (let step = 0; isOpen(stage) && step < 500; step += 1) {
            const role: Role = owes(stage) ?? 'participant';
            const may = allowed(protocol, stage, role);
            const said: Performative | undefined = may[roll(may.length)];
            if (said === undefined) throw new Error(`${role} may say nothing, and owes it`);
            stage = advance(protocol, stage, role, said) ?? stage;
          }
          expect(isOpen(stage)).to.equal(false);
          for (const role of ROLES) {
            expect(allowed(protocol, stage, role)).to.deep.equal([]);
            for (const said of PERFORMATIVES) expect(advance(protocol, stage, role, said)).to.equal(undefined);
          }
          expect(owes(stage)).to.equal(undefined);
        }),
      );
    });
  }

  it('are opened by four performatives', () => {
    expect(PERFORMATIVES.filter((said) => protocolOf(said) !== undefined)).to.deep.equal([
      'request',
      'cfp',
      'query',
      'subscribe',
    ]);
  });

  it('are states of A2A tasks, and back', () => {
    const stages: readonly Stage[] = [...new Set(PROTOCOLS.flatMap((one) => [...stagesOf(one)]))];
    expect(Object.fromEntries(stages.map((stage) => [stage, toA2A(stage)]))).to.deep.equal({
      asked: 'SUBMITTED',
      agreed: 'WORKING',
      'more-needed': 'INPUT_REQUIRED',
      cancelling: 'WORKING',
      proposed: 'INPUT_REQUIRED',
      accepted: 'WORKING',
      subscribed: 'WORKING',
    });
    expect(toA2A('more-needed', 'auth')).to.equal('AUTH_REQUIRED');
    // What a participant says in a request brings it to the state that it says.
    const after = (stage: OpenStage, state: A2AState): A2AState | undefined => {
      const said = fromA2A(state, stage);
      const next = said === undefined ? stage : advance('request', stage, 'participant', said);
      return next === undefined ? undefined : toA2A(next);
    };
    for (const state of ['WORKING', 'INPUT_REQUIRED', 'COMPLETED', 'FAILED', 'REJECTED'] as const)
      expect(after('asked', state)).to.equal(state);
    for (const state of ['WORKING', 'INPUT_REQUIRED', 'COMPLETED', 'FAILED'] as const)
      expect(after('agreed', state)).to.equal(state);
    expect(after('cancelling', 'CANCELED')).to.equal('CANCELED');
    // Nobody asked for it: it is not done.
    for (const stage of ['asked', 'agreed'] as const) expect(after(stage, 'CANCELED')).to.equal('FAILED');
    expect(after('agreed', 'REJECTED')).to.equal('FAILED');
    expect(protocolOf(fromA2A('SUBMITTED', 'asked') ?? 'inform')).to.equal('request');
    expect(fromA2A('AUTH_REQUIRED', 'asked')).to.equal('query');
  });
});
