import { Flags } from '@oclif/core';
import { RepriseCommand } from '../../base-command.ts';
import { deadLetterArguments, formatFlag, settlingFlags, storeFlags } from '../../flags.ts';

export default class DeadLetterEdit extends RepriseCommand {
  static override rows = { id: ['runId', 'message'] };
  static override summary = 'Have a dead letter say something else.';
  static override description =
    'What it said before stays on record. Nobody gets it until it is redriven. Works while another process drives.';
  static override examples = [
    {
      description: 'Mend what it asks, then have it delivered again',
      command: `<%= config.bin %> dead-letter edit order-7 pay/1/3 --data '{"card":"4711"}' --reason "typing error" --by kim`,
    },
    {
      description: 'From a file, or a pipe (`-`)',
      command: '<%= config.bin %> dead-letter edit order-7 pay/1/3 --data @mended.json --reason "typing error"',
    },
  ];
  static override args = { ...deadLetterArguments };
  static override flags = {
    ...formatFlag,
    ...storeFlags,
    data: Flags.string({
      char: 'd',
      description: 'What it is to say, as JSON; `@FILE` is a file with JSON, `-` is stdin.',
      helpValue: 'JSON',
      required: true,
    }),
    ...settlingFlags,
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(DeadLetterEdit);
    const { editDeadLetter } = await import('../../dead-letters/edit-dead-letter.ts');
    await editDeadLetter(args.run, args.message, flags, this.terminal(flags, 'go-on'));
  }
}
