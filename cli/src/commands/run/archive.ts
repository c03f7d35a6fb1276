import { Flags } from '@oclif/core';
import { RepriseCommand } from '../../base-command.ts';
import { deletingFlags, formatFlag, olderThanFlag, runOrQueryArgument, storeFlags } from '../../flags.ts';

export default class RunArchive extends RepriseCommand {
  static override rows = { list: 'runs', id: ['runId'] };
  static override summary = 'Write runs that have ended to a file, and delete them.';
  static override description =
    'The file is what `run export` writes, so `run import` brings them back. It is read again and compared with the store before anything is deleted. Otherwise as run delete.';
  static override examples = [
    {
      description: 'Last year',
      command:
        "<%= config.bin %> run archive --query 'ended<2026-01-01' --output 2025.ndjson --reason 'end of the year' --yes",
    },
    { description: 'And back', command: '<%= config.bin %> run import 2025.ndjson' },
  ];
  /** Any number of runs. */
  static override strict = false;
  static override usage =
    'run archive [RUN... | -] [--query QUERY] [--older-than DURATION] --output FILE --reason TEXT [--yes] [--dry-run]';
  static override args = runOrQueryArgument;
  static override flags = {
    ...storeFlags,
    ...formatFlag,
    ...deletingFlags,
    ...olderThanFlag,
    output: Flags.string({
      char: 'o',
      description: 'The file to write, which must not be there.',
      helpValue: 'FILE',
      required: true,
    }),
  };

  override async run(): Promise<void> {
    const { argv, flags } = await this.parse(RunArchive);
    const { deleteRuns } = await import('../../runs/deleting/delete-runs.ts');
    process.exitCode = await deleteRuns(argv.map(String), 'archive', flags, this.terminal(flags, 'go-on'));
  }
}
