import { RepriseCommand } from '../../base-command.ts';
import { deletingFlags, formatFlag, olderThanFlag, storeFlags } from '../../flags.ts';

export default class RunPrune extends RepriseCommand {
  static override rows = { list: 'runs', id: ['runId'] };
  static override summary = 'Delete runs that ended long ago.';
  static override description =
    'Shows what would go, and deletes it only with --yes and --reason. As run delete: with child runs and logs, on record, and not what is open or needed. Of use in a job that runs every night.';
  static override examples = [
    { description: 'What is older than a month?', command: '<%= config.bin %> run prune --older-than 30d' },
    {
      description: 'Away with it',
      command:
        "<%= config.bin %> run prune --query 'workflow:nightly status:completed' --older-than 30d --yes --reason retention",
    },
  ];
  static override flags = { ...storeFlags, ...formatFlag, ...deletingFlags, ...olderThanFlag };

  override async run(): Promise<void> {
    const { flags } = await this.parse(RunPrune);
    const { deleteRuns } = await import('../../runs/deleting/delete-runs.ts');
    process.exitCode = await deleteRuns([], 'prune', flags, this.terminal(flags, 'go-on'));
  }
}
