import { Args, Flags } from '@oclif/core';
import { RepriseCommand } from '../../base-command.ts';
import { formatFlag, storeFlags } from '../../flags.ts';

export default class RunImport extends RepriseCommand {
  static override rows = { id: ['runId'] };
  static override summary = 'Put exported runs into a store.';
  static override description =
    'Reads what `run export` writes. A run is imported whole or not at all; one that is in the store already is refused, and so are broken lines, gaps in the revisions, and (without --open) runs that have not ended, because whoever drives the store would go on with them.';
  static override examples = [
    { description: 'From a file', command: '<%= config.bin %> run import run.ndjson' },
    {
      description: 'From a pipe, into a store of its own',
      command: 'cat run.ndjson | <%= config.bin %> run import - --store copy.db',
    },
  ];
  static override args = {
    file: Args.string({ description: 'The file; `-` is stdin.', required: true }),
  };
  static override flags = {
    ...formatFlag,
    ...storeFlags,
    open: Flags.boolean({ description: 'Import runs that have not ended, too: they will be driven.' }),
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(RunImport);
    const { importRuns } = await import('../../runs/import-runs.ts');
    await importRuns(args.file, flags, this.terminal(flags, 'go-on'));
  }
}
