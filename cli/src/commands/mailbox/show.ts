import { Flags } from '@oclif/core';
import { RepriseCommand } from '../../base-command.ts';
import { formatFlag, mailboxArguments, storeFlags, tenantFlag } from '../../flags.ts';

export default class MailboxShow extends RepriseCommand {
  static override rows = { list: 'messages', id: ['message'] };
  static override summary = 'Show the messages of a mailbox of no run.';
  static override description =
    'In the order in which they came, of whom, and what has become of each; and what was answered from there, and to which run. What they say is shown with --data only. Reads the store only.';
  static override examples = [
    { description: 'All of them', command: '<%= config.bin %> mailbox show desk' },
    { description: 'With what they say', command: '<%= config.bin %> mailbox show desk --data' },
    {
      description: 'What waits there, for programs',
      command: `<%= config.bin %> mailbox show desk --data --json | jq '.messages[] | select(.status == "open")'`,
    },
  ];
  static override args = mailboxArguments;
  static override flags = {
    ...formatFlag,
    ...storeFlags,
    ...tenantFlag,
    data: Flags.boolean({ description: 'With what they say.' }),
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(MailboxShow);
    const { showMailbox } = await import('../../mailboxes/show-mailbox.ts');
    await showMailbox(args.name, flags, this.terminal(flags));
  }
}
