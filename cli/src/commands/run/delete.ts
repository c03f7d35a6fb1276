import { RepriseCommand } from '../../base-command.ts';
import { deletingFlags, formatFlag, runOrQueryArgument, storeFlags } from '../../flags.ts';

export default class RunDelete extends RepriseCommand {
  static override rows = { list: 'runs', id: ['runId'] };
  static override summary = 'Delete runs that have ended, for good.';
  static override description =
    'With the child runs that they started, and what their agents logged. Shows what goes, and asks; --dry-run only shows it. Who did it and why is put on record, in the stream audit-runs. Refused for what is open, and for what another run still needs. Views are built anew. The file gets smaller by `store compact`. For stores that can do it: SQLite.';
  static override examples = [
    { description: 'One', command: '<%= config.bin %> run delete nightly-7 --reason "has personal data"' },
    {
      description: 'What would go?',
      command: "<%= config.bin %> run delete --query 'workflow:order label.customer:17' --dry-run",
    },
    {
      description: 'Those that a list gives',
      command:
        '<%= config.bin %> run list status:cancelled --format ids | <%= config.bin %> run delete - --reason tests --yes',
    },
  ];
  /** Any number of runs. */
  static override strict = false;
  static override usage = 'run delete [RUN... | -] [--query QUERY] --reason TEXT [--yes] [--dry-run]';
  static override args = runOrQueryArgument;
  static override flags = { ...storeFlags, ...formatFlag, ...deletingFlags };

  override async run(): Promise<void> {
    const { argv, flags } = await this.parse(RunDelete);
    const { deleteRuns } = await import('../../runs/deleting/delete-runs.ts');
    process.exitCode = await deleteRuns(argv.map(String), 'delete', flags, this.terminal(flags, 'go-on'));
  }
}
