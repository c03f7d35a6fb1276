import { RepriseCommand } from '../../../base-command.ts';
import { formatFlag, tokenFileFlag } from '../../../flags.ts';

export default class DashboardTokenList extends RepriseCommand {
  static override rows = { list: 'tokens', id: ['name'] };
  static override summary = 'List who has a token for the dashboard.';
  static override description = 'Names, roles, and since when. Tokens are in no file: their hashes are.';
  static override examples = [
    { description: 'All of them', command: '<%= config.bin %> dashboard token list --file tokens.json' },
  ];
  static override flags = { ...tokenFileFlag, ...formatFlag };

  override async run(): Promise<void> {
    const { flags } = await this.parse(DashboardTokenList);
    const { listDashboardTokens } = await import('../../../dashboard/tokens.ts');
    await listDashboardTokens(flags.file, this.terminal(flags));
  }
}
