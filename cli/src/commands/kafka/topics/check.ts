import { RepriseCommand } from '../../../base-command.ts';
import { formatFlag, topicFlags } from '../../../flags.ts';

export default class KafkaTopicsCheck extends RepriseCommand {
  static override rows = { list: 'topics', id: ['topic'] };
  static override summary = 'Check that the topics that the project needs are there, as they are to be.';
  static override description =
    'As plan, and ends with 1 when one is missing or differs: for a pipeline, before a release is rolled out.';
  static override examples = [
    { description: 'In a pipeline', command: '<%= config.bin %> kafka topics check' },
    {
      description: 'Which differ',
      command: `<%= config.bin %> kafka topics check --json | jq '.topics[] | select(.state != "same")'`,
    },
  ];
  static override flags = { ...topicFlags, ...formatFlag };

  override async run(): Promise<void> {
    const { flags } = await this.parse(KafkaTopicsCheck);
    const { showTopics } = await import('../../../topics/show-topics.ts');
    process.exitCode = await showTopics(flags, true, this.terminal(flags));
  }
}
