import { Args } from '@oclif/core';
import { RepriseCommand } from '../../base-command.ts';
import { formatFlag, messageFlags, runArgument, storeFlags } from '../../flags.ts';

export default class RunSend extends RepriseCommand {
  static override rows = { id: ['runId', 'message'] };
  static override summary = 'Send a message into a run.';
  static override description =
    'To a task, an item or a mailbox of it; its id is printed. To a name of no run (`@desk`): mailbox send. It is kept until somebody is done with it (run messages). Works while another process drives; when none does, it is delivered at the next start (worker start).';
  static override examples = [
    {
      description: 'To whoever takes from a mailbox of the workflow',
      command: `<%= config.bin %> run send order-7 '#desk' --data '{"card":"4711"}' --type pay --by kim`,
    },
    { description: 'To a task, from a file', command: '<%= config.bin %> run send last critic --data @draft.json' },
    {
      description: 'To an item, from a pipe; nobody needs it after a minute',
      command: `echo '{"stop":true}' | <%= config.bin %> run send last 'inspect[12]' --data - --expires 1m --drop`,
    },
    {
      description: 'Answer a message, as `run messages` shows it',
      command: `<%= config.bin %> run send order-7 pay --in-reply-to pay/1/3 --data '{"ok":true}'`,
    },
    {
      description: 'From a script that may run twice: it is sent once',
      command: "<%= config.bin %> run send order-7 '#desk' --data @pay.json --request-id pay-42",
    },
  ];
  static override args = {
    ...runArgument,
    to: Args.string({
      description: 'A task (`pay`), an item (`pay[3]`), or a mailbox of the workflow (`#desk`).',
      required: true,
    }),
  };
  static override flags = {
    ...formatFlag,
    ...storeFlags,
    ...messageFlags,
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(RunSend);
    const { sendMessage } = await import('../../runs/send-message.ts');
    await sendMessage(args.run, args.to, flags, this.terminal(flags, 'go-on'));
  }
}
