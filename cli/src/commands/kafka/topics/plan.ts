import { RepriseCommand } from '../../../base-command.ts';
import { formatFlag, topicFlags } from '../../../flags.ts';

export default class KafkaTopicsPlan extends RepriseCommand {
  static override rows = { list: 'topics', id: ['topic'] };
  static override summary = 'Print the topics that the project needs, and which of them are there.';
  static override description =
    'For the transport of the configuration, and every agent that the configuration names: partitions, copies and how long messages are kept, and what differs from it at the brokers. Changes nothing.';
  static override examples = [
    { description: 'All of them', command: '<%= config.bin %> kafka topics plan' },
    {
      description: 'With an agent that only a worker elsewhere has',
      command: '<%= config.bin %> kafka topics plan --agent translator',
    },
  ];
  static override flags = { ...topicFlags, ...formatFlag };

  override async run(): Promise<void> {
    const { flags } = await this.parse(KafkaTopicsPlan);
    const { showTopics } = await import('../../../topics/show-topics.ts');
    process.exitCode = await showTopics(flags, false, this.terminal(flags));
  }
}
