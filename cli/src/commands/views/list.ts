import { RepriseCommand } from '../../base-command.ts';
import { formatFlag, storeFlags } from '../../flags.ts';

export default class ViewsList extends RepriseCommand {
  static override rows = { list: 'views', id: ['view'] };
  static override aliases = ['projection:list', 'projection:status'];
  static override summary = 'List views, and how far each is behind.';
  static override description =
    'Views are rows that are folded from the events of all runs: those that Reprise brings, and those of the configuration. They stand in a file beside the store (<store>-views), and may be deleted: they are built again. This command builds none.';
  static override examples = [
    { description: 'All of them', command: '<%= config.bin %> views list' },
    { description: 'For programs', command: "<%= config.bin %> views list --json | jq '.views[].behindEvents'" },
  ];
  static override flags = { ...storeFlags, ...formatFlag };

  override async run(): Promise<void> {
    const { flags } = await this.parse(ViewsList);
    const { listViews } = await import('../../views/list-views.ts');
    await listViews(flags, this.terminal(flags));
  }
}
