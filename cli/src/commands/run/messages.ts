import { Flags } from '@oclif/core';
import { RepriseCommand } from '../../base-command.ts';
import { formatFlag, runArgument, storeFlags } from '../../flags.ts';

export default class RunMessages extends RepriseCommand {
  static override rows = { list: 'messages', id: ['message'] };
  static override summary = 'Show who told whom what in a run.';
  static override description =
    'Its messages in the order in which they were sent, and what has become of each: open, delivered, acknowledged, dead, expired, discarded, closed. What they say is shown with --data only. Reads the store only.';
  static override examples = [
    { description: 'All of them', command: '<%= config.bin %> run messages last' },
    { description: 'With what they say', command: '<%= config.bin %> run messages last --data' },
    { description: 'Those of a mailbox', command: "<%= config.bin %> run messages order-7 --mailbox '#desk'" },
    { description: 'Those that are dead', command: "<%= config.bin %> run messages order-7 --mailbox '#dead-letters'" },
    {
      description: 'For programs',
      command: `<%= config.bin %> run messages last --json | jq '.messages[] | select(.status == "open")'`,
    },
  ];
  static override args = runArgument;
  static override flags = {
    ...formatFlag,
    ...storeFlags,
    data: Flags.boolean({ description: 'With what they say.' }),
    mailbox: Flags.string({
      char: 'm',
      description: 'Only those of a mailbox: a task (`pay`), an item (`pay[3]`), or a name (`#desk`, `#dead-letters`).',
      helpValue: 'MAILBOX',
    }),
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(RunMessages);
    const { showMessages } = await import('../../runs/show-messages.ts');
    await showMessages(args.run, flags, this.terminal(flags));
  }
}
