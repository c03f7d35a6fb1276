import { Flags } from '@oclif/core';
import { RepriseCommand } from '../../base-command.ts';
import { answerFlags, formatFlag, mailboxArguments, storeFlags, tenantFlag } from '../../flags.ts';

export default class MailboxClose extends RepriseCommand {
  static override rows = { id: ['runId'] };
  static override summary = 'Close a mailbox of no run.';
  static override description =
    'Says first what is still in it, which nobody gets then, and asks. It stays on record, and nothing can be sent to it again. Works while another process drives; when none does, it is closed at the next start (worker start).';
  static override examples = [
    { description: 'After a look', command: '<%= config.bin %> mailbox close desk' },
    {
      description: 'From a script',
      command: '<%= config.bin %> mailbox close desk --yes --by kim --reason "the desk has moved"',
    },
  ];
  static override args = mailboxArguments;
  static override flags = {
    ...formatFlag,
    ...storeFlags,
    ...tenantFlag,
    yes: Flags.boolean({ char: 'y', description: 'Do not ask.' }),
    by: answerFlags.by,
    reason: answerFlags.reason,
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(MailboxClose);
    const { closeMailbox } = await import('../../mailboxes/close-mailbox.ts');
    process.exitCode = await closeMailbox(args.name, flags, this.terminal(flags, 'go-on'));
  }
}
