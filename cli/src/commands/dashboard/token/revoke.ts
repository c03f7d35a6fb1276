import { Args } from '@oclif/core';
import { RepriseCommand } from '../../../base-command.ts';
import { formatFlag, tokenFileFlag } from '../../../flags.ts';

export default class DashboardTokenRevoke extends RepriseCommand {
  static override rows = { id: ['name'] };
  static override summary = 'Take back a token for the dashboard.';
  static override description =
    'A dashboard that is served with the file lets him in no more, and ends his sessions, within seconds.';
  static override examples = [
    { description: 'He has left', command: '<%= config.bin %> dashboard token revoke ann --file tokens.json' },
  ];
  static override args = { name: Args.string({ description: 'Whose it is.', required: true }) };
  static override flags = { ...tokenFileFlag, ...formatFlag };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(DashboardTokenRevoke);
    const { revokeDashboardToken } = await import('../../../dashboard/tokens.ts');
    await revokeDashboardToken(args.name, flags.file, this.terminal(flags));
  }
}
