import { Args, Flags } from '@oclif/core';
import { RepriseCommand } from '../../../base-command.ts';
import { formatFlag, tokenFileFlag } from '../../../flags.ts';

export default class DashboardTokenAdd extends RepriseCommand {
  // The token is told once: whoever asks for ids is not to lose it.
  static override rows = { id: ['token'] };
  static override summary = 'Give somebody a token for the dashboard.';
  static override description =
    'Prints the token, this once: the file has its hash only. The file is made where there is none, for its owner alone (mode 600). A dashboard that is served with it (--tokens) knows the token at once. What is changed with it is on record under the name.';
  static override examples = [
    { description: 'To look', command: '<%= config.bin %> dashboard token add ann --role viewer --file tokens.json' },
    {
      description: 'Another one, and the one before is taken back',
      command: '<%= config.bin %> dashboard token add ann --role operator --file tokens.json --replace',
    },
  ];
  static override args = {
    name: Args.string({ description: 'Whose it is: letters, digits and . _ @ + -', required: true }),
  };
  static override flags = {
    ...tokenFileFlag,
    ...formatFlag,
    role: Flags.option({
      description: 'A viewer reads; an operator changes runs, too.',
      options: ['viewer', 'operator'] as const,
      required: true,
    })(),
    replace: Flags.boolean({ description: 'Take back the one that he has.' }),
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(DashboardTokenAdd);
    const { addDashboardToken } = await import('../../../dashboard/tokens.ts');
    await addDashboardToken(args.name, flags, this.terminal(flags));
  }
}
