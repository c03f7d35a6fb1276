import { Flags } from '@oclif/core';
import { RepriseCommand } from '../../base-command.ts';
import { deadLettersArguments, formatFlag, manyDeadLettersFlags, settlingFlags, storeFlags } from '../../flags.ts';

export default class DeadLetterRedrive extends RepriseCommand {
  static override rows = { list: 'done', id: ['runId'] };
  static override summary = 'Have dead letters delivered again.';
  static override description =
    'Each is put behind all others of its mailbox, or of another one, as if it had never been delivered. With a query, it is said first which they are, and asked. In a run it is all of up to 256, or none of them; what was refused is said run by run, and ends with exit code 1. Works while another process drives; when none does, they are delivered at the next start (worker start).';
  static override examples = [
    {
      description: 'One',
      command: '<%= config.bin %> dead-letter redrive order-7 pay/1/3 --reason "the card service is back"',
    },
    {
      description: 'To somebody else',
      command: `<%= config.bin %> dead-letter redrive order-7 pay/1/3 --to '#clerks' --reason "by hand, please"`,
    },
    {
      description: 'Which would it be? Then all of them',
      command: "<%= config.bin %> dead-letter redrive --query 'code:CARD_DECLINED' --reason 'it is back' --dry-run",
    },
    {
      description: 'From a script',
      command: "<%= config.bin %> dead-letter redrive --query 'mailbox:#desk since>=-2h' --reason 'it is back' --yes",
    },
  ];
  static override strict = false;
  static override args = deadLettersArguments;
  static override flags = {
    ...formatFlag,
    ...storeFlags,
    to: Flags.string({
      description:
        'Into this mailbox: a task (`pay`), an item (`pay[3]`) or a name (`#desk`). Default: where each was.',
      helpValue: 'MAILBOX',
    }),
    ...settlingFlags,
    ...manyDeadLettersFlags,
  };

  override async run(): Promise<void> {
    const { argv, flags } = await this.parse(DeadLetterRedrive);
    const { settleDeadLetters } = await import('../../dead-letters/settle-dead-letters.ts');
    const terminal = this.terminal(flags, 'go-on');
    process.exitCode = await settleDeadLetters(argv.map(String), 'redrive', flags, terminal);
  }
}
