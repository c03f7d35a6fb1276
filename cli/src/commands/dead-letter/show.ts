import { RepriseCommand } from '../../base-command.ts';
import { deadLetterArguments, formatFlag, storeFlags } from '../../flags.ts';

export default class DeadLetterShow extends RepriseCommand {
  static override rows = { id: ['runId', 'message'] };
  static override summary = 'Show a dead letter, and what it says.';
  static override description =
    'Who had it and gave it back, why it is dead, which messages led to it, and its data. Read from the history of the run, which may have ended; what was dealt with can be shown, too.';
  static override examples = [
    { description: 'All of it', command: '<%= config.bin %> dead-letter show order-7 pay/1/3' },
    {
      description: 'What it says alone',
      command: '<%= config.bin %> dead-letter show order-7 pay/1/3 --json | jq .data',
    },
  ];
  static override args = { ...deadLetterArguments };
  static override flags = { ...formatFlag, ...storeFlags };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(DeadLetterShow);
    const { showDeadLetter } = await import('../../dead-letters/show-dead-letter.ts');
    await showDeadLetter(args.run, args.message, flags, this.terminal(flags));
  }
}
