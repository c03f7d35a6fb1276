import { Flags } from '@oclif/core';
import { RepriseCommand } from '../../../base-command.ts';
import { formatFlag, topicFlags } from '../../../flags.ts';

export default class KafkaTopicsApply extends RepriseCommand {
  static override rows = { list: 'changes', id: ['topic'] };
  static override summary = 'Make the topics that the project needs and that are missing.';
  static override description =
    'What is there already is left as it is, and what differs is told. Topics are never deleted, and partitions and copies never changed. It may be run again.';
  static override examples = [
    { description: 'What is missing', command: '<%= config.bin %> kafka topics apply' },
    {
      description: 'Configs that differ, too',
      command: '<%= config.bin %> kafka topics apply --change-configs',
    },
  ];
  static override flags = {
    ...formatFlag,
    ...topicFlags,
    'change-configs': Flags.boolean({
      description: 'Give configs of topics that are there the value that is wanted, too. All others stay as they are.',
    }),
  };

  override async run(): Promise<void> {
    const { flags } = await this.parse(KafkaTopicsApply);
    const { applyTopics } = await import('../../../topics/apply-topics.ts');
    process.exitCode = await applyTopics(flags, this.terminal(flags, 'go-on'));
  }
}
