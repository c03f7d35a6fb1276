import { RepriseCommand } from '../../base-command.ts';
import { runArgument, storeFlags } from '../../flags.ts';

export default class RunResume extends RepriseCommand {
  static override summary = 'Let a paused run go on.';
  static override description =
    'Works while another process drives; when none does, the run goes on at the next start (worker start).';
  static override examples = [{ description: 'The newest run', command: '<%= config.bin %> run resume last' }];
  static override args = runArgument;
  static override flags = storeFlags;

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(RunResume);
    const { steerRun } = await import('../../runs/steer-run.ts');
    await steerRun(args.run, 'resume', undefined, flags, this.terminal(flags.json, 'go-on'));
  }
}
