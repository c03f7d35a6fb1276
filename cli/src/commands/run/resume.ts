import { RepriseCommand } from '../../base-command.ts';
import { bulkFlags, formatFlag, runOrQueryArgument, storeFlags, whoFlags } from '../../flags.ts';

export default class RunResume extends RepriseCommand {
  static override rows = { list: 'done', id: ['runId'] };
  static override summary = 'Let a paused run go on.';
  static override description =
    'Works while another process drives; when none does, the run goes on at the next start (worker start).';
  static override examples = [
    { description: 'The newest run', command: '<%= config.bin %> run resume last' },
    {
      description: 'Every parked run',
      command: '<%= config.bin %> run resume --query status:parked --reason "the code is mended"',
    },
  ];
  static override args = runOrQueryArgument;
  static override flags = { ...formatFlag, ...storeFlags, ...bulkFlags, ...whoFlags };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(RunResume);
    const { steerRuns } = await import('../../runs/steer-runs.ts');
    process.exitCode = await steerRuns(args.run, 'resume', flags, this.terminal(flags, 'go-on'));
  }
}
