import { Flags } from '@oclif/core';
import { RepriseCommand } from '../../base-command.ts';
import { runArgument, storeFlags } from '../../flags.ts';

export default class RunExport extends RepriseCommand {
  static override summary = 'Write whole histories as NDJSON.';
  static override description =
    'For each run (`-`: those whose ids are on stdin) a header line, then one line per event, exactly as recorded: what `run import` reads. Reads the store only.';
  static override examples = [
    { description: 'One run to a file', command: '<%= config.bin %> run export last --output run.ndjson' },
    {
      description: 'All that fit',
      command:
        '<%= config.bin %> run list status:completed -n 1000 --format ids | <%= config.bin %> run export - --output done.ndjson',
    },
    {
      description: 'Into another store',
      command: '<%= config.bin %> run export nightly-7 | <%= config.bin %> run import - --store copy.db',
    },
  ];
  /** Any number of runs. */
  static override strict = false;
  static override usage = 'run export RUN... [--output FILE]';
  static override args = runArgument;
  static override flags = {
    ...storeFlags,
    output: Flags.string({ char: 'o', description: 'File to write. Default: stdout (`-`).', helpValue: 'FILE' }),
  };

  override async run(): Promise<void> {
    const { argv, flags } = await this.parse(RunExport);
    const { exportRuns } = await import('../../runs/export-runs.ts');
    process.exitCode = await exportRuns(argv.map(String), flags, this.terminal(flags.json));
  }
}
