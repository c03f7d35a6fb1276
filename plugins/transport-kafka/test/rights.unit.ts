import { ABORT_CHANNEL, agentChannel, COMMAND_CHANNEL, COMMAND_GROUP, workerChannel } from '@reprise/core/plugin';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { Topics } from '../src/topics.ts';
import { rightsOfReadme } from './support/rights.ts';

describe('the rights in the README', () => {
  it('are on every topic and group that there is, and on no other', () => {
    const topics = new Topics('', 1);
    const needed = topics.needed(['name']).map(({ topic }) => `topic ${topic.name}`);
    const groups = [
      topics.groupOf(COMMAND_GROUP, topics.route(COMMAND_CHANNEL)),
      topics.groupOf('agent.name', topics.route(agentChannel('name'))),
      topics.broadcastGroup(topics.route(ABORT_CHANNEL), 'id'),
      topics.broadcastGroup(topics.route(workerChannel('w')), 'id'),
    ].map((name) => `group ${name}`);
    const { names } = rightsOfReadme();
    expect(names.map((name) => name.replaceAll(/[<>]/g, ''))).to.have.members([...needed, ...groups]);
  });

  it('let nobody but orchestrators read results and commands, nobody but workers report, and workers command nothing', () => {
    const { rights } = rightsOfReadme();
    const who = (operation: string, topic: string): string[] =>
      rights.flatMap((one) => (one.name === topic && one.operation === operation ? [one.role] : []));
    expect(who('Read', 'reprise.results')).to.deep.equal(['orchestrator']);
    expect(who('Read', 'reprise.commands')).to.deep.equal(['orchestrator']);
    expect(who('Write', 'reprise.results')).to.deep.equal(['worker']);
    expect(who('Write', 'reprise.commands')).to.deep.equal(['orchestrator', 'client']);
  });
});
