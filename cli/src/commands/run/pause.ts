import { RepriseCommand } from '../../base-command.ts';
import { bulkFlags, formatFlag, runOrQueryArgument, storeFlags, whoFlags } from '../../flags.ts';

export default class RunPause extends RepriseCommand {
  static override rows = { list: 'done', id: ['runId'] };
  static override summary = 'Pause a run: no further task is begun.';
  static override description = 'Attempts under way go on. Works while another process drives.';
  static override examples = [
    { description: 'The newest run', command: '<%= config.bin %> run pause last' },
    { description: 'All of a tenant', command: '<%= config.bin %> run pause --query tenant:acme --reason "not paid"' },
    {
      description: 'Saying why',
      command: '<%= config.bin %> run pause nightly-7 --reason "until the licence server is back"',
    },
  ];
  static override args = runOrQueryArgument;
  static override flags = {
    ...formatFlag,
    ...storeFlags,
    ...bulkFlags,
    ...whoFlags,
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(RunPause);
    const { steerRuns } = await import('../../runs/steer-runs.ts');
    process.exitCode = await steerRuns(args.run, 'pause', flags, this.terminal(flags, 'go-on'));
  }
}
