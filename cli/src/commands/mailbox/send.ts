import { RepriseCommand } from '../../base-command.ts';
import { formatFlag, mailboxArguments, messageFlags, storeFlags, tenantFlag } from '../../flags.ts';

export default class MailboxSend extends RepriseCommand {
  static override rows = { id: ['message'] };
  static override summary = 'Send a message to a mailbox of no run.';
  static override description =
    'It is there from the first message on. Programs take from it, and tasks of any run send to it (`@desk`). The id of the message is printed; what becomes of it: mailbox show. Nobody has to drive the runs for it.';
  static override examples = [
    {
      description: 'To whoever takes from it',
      command: `<%= config.bin %> mailbox send desk --data '{"card":"4711"}' --type pay --by kim`,
    },
    { description: 'From a pipe', command: `echo '{"n":1}' | <%= config.bin %> mailbox send desk --data -` },
    {
      description: 'Of a tenant; nobody needs it after a minute',
      command: '<%= config.bin %> mailbox send desk --tenant acme --data @note.json --expires 1m --drop',
    },
    {
      description: 'From a script that may run twice: it is sent once',
      command: '<%= config.bin %> mailbox send desk --data @pay.json --request-id pay-42',
    },
  ];
  static override args = mailboxArguments;
  static override flags = { ...formatFlag, ...storeFlags, ...tenantFlag, ...messageFlags };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(MailboxSend);
    const { sendToMailbox } = await import('../../mailboxes/send-to-mailbox.ts');
    await sendToMailbox(args.name, flags, this.terminal(flags, 'go-on'));
  }
}
