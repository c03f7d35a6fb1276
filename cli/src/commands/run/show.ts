import { RepriseCommand } from '../../base-command.ts';
import { runArgument, storeFlags } from '../../flags.ts';

export default class RunShow extends RepriseCommand {
  static override summary = 'Show a run: status, tasks, output.';
  static override description =
    'Reads the store only. With --json: the whole input and output, and one object per task of the definition.';
  static override examples = [
    { description: 'The newest run', command: '<%= config.bin %> run show last' },
    { description: 'Any unique beginning of the id will do', command: '<%= config.bin %> run show 0mbx' },
    { description: 'Its output', command: '<%= config.bin %> run show last --json | jq .output' },
  ];
  static override args = runArgument;
  static override flags = storeFlags;

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(RunShow);
    const { showRun } = await import('../../runs/show-run.ts');
    await showRun(args.run, flags, this.terminal(flags.json));
  }
}
