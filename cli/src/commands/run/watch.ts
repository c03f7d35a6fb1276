import { RepriseCommand } from '../../base-command.ts';
import { formatFlag, runArgument, storeFlags } from '../../flags.ts';

export default class RunWatch extends RepriseCommand {
  static override rows = { id: ['runId'] };
  static override summary = 'Watch a run that another process drives.';
  static override description =
    'Shows the run until it ends: redrawn in place on a terminal, lines elsewhere, snapshots with --json. Reads the store only. Exits with 0 when the run completes, with 1 when it fails or is cancelled.';
  static override examples = [
    { description: 'The newest run', command: '<%= config.bin %> run watch last' },
    { description: 'In a script', command: '<%= config.bin %> run watch nightly-7 > nightly.log && ./publish' },
  ];
  static override args = runArgument;
  static override flags = { ...storeFlags, ...formatFlag };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(RunWatch);
    const { watchRun } = await import('../../runs/watch-run.ts');
    process.exitCode = await watchRun(args.run, flags, this.terminal(flags));
  }
}
