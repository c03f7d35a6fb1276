import { Flags } from '@oclif/core';
import { RepriseCommand } from '../../base-command.ts';
import { formatFlag, storeFlags } from '../../flags.ts';

export default class MailboxList extends RepriseCommand {
  static override rows = { list: 'mailboxes', id: ['mailbox'] };
  static override summary = 'List mailboxes of no run, and how they stand.';
  static override description =
    'Names that are addressed with @ (`@desk`), which are there from the first message on: what waits in each, since when, what a program has, and how many dead letters there are. Mailboxes of a run: run messages. Reads the store only.';
  static override examples = [
    { description: 'Those that are open', command: '<%= config.bin %> mailbox list' },
    { description: 'Those that were closed, too', command: '<%= config.bin %> mailbox list --closed' },
    {
      description: 'Where something has waited',
      command: `<%= config.bin %> mailbox list --json | jq -r '.mailboxes[] | select(.open > 0) | .mailbox'`,
    },
  ];
  static override flags = {
    ...formatFlag,
    ...storeFlags,
    closed: Flags.boolean({ description: 'Those that were closed, too.' }),
    tenant: Flags.string({ description: 'Only those of this tenant.', helpValue: 'TENANT' }),
    limit: Flags.integer({ char: 'n', description: 'Mailboxes at most.', default: 20, min: 1, max: 1000 }),
    after: Flags.string({ description: 'Go on after the page before.', helpValue: 'CURSOR' }),
  };

  override async run(): Promise<void> {
    const { flags } = await this.parse(MailboxList);
    const { listMailboxes } = await import('../../mailboxes/list-mailboxes.ts');
    await listMailboxes(flags, this.terminal(flags));
  }
}
