import { RepriseCommand } from '../../base-command.ts';
import { deadLettersArguments, formatFlag, manyDeadLettersFlags, settlingFlags, storeFlags } from '../../flags.ts';

export default class DeadLetterDiscard extends RepriseCommand {
  static override rows = { list: 'done', id: ['runId'] };
  static override summary = 'Throw dead letters away.';
  static override description =
    'Nothing becomes of them; they stay on record. With a query, it is said first which they are, and asked. In a run it is all of up to 256, or none of them; what was refused is said run by run, and ends with exit code 1.';
  static override examples = [
    { description: 'One', command: '<%= config.bin %> dead-letter discard order-7 pay/1/3 --reason "paid by hand"' },
    {
      description: 'Which would it be? Then all of them',
      command: "<%= config.bin %> dead-letter discard --query 'subject:newsletter since<-7d' --reason old --dry-run",
    },
    {
      description: 'From a script',
      command: "<%= config.bin %> dead-letter discard --query 'subject:newsletter since<-7d' --reason old --yes",
    },
  ];
  static override strict = false;
  static override args = deadLettersArguments;
  static override flags = { ...formatFlag, ...storeFlags, ...settlingFlags, ...manyDeadLettersFlags };

  override async run(): Promise<void> {
    const { argv, flags } = await this.parse(DeadLetterDiscard);
    const { settleDeadLetters } = await import('../../dead-letters/settle-dead-letters.ts');
    const terminal = this.terminal(flags, 'go-on');
    process.exitCode = await settleDeadLetters(argv.map(String), 'discard', flags, terminal);
  }
}
