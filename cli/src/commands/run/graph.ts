import { Flags } from '@oclif/core';
import { RepriseCommand } from '../../base-command.ts';
import { formatFlag, runArgument, storeFlags } from '../../flags.ts';

export default class RunGraph extends RepriseCommand {
  static override rows = { id: ['runId'] };
  static override summary = 'Print a run as a Mermaid flowchart.';
  static override description =
    'What was planned, what was added and by whom, and what became of each task: skipped, cancelled, failed, or what it waits for; rounds, hand-offs, fallbacks. Reads the store only.';
  static override examples = [
    { description: 'The newest run', command: '<%= config.bin %> run graph last > run.mmd' },
    { description: 'As it was after the first 40 events', command: '<%= config.bin %> run graph last --at 39' },
    { description: 'More of a large one', command: '<%= config.bin %> run graph last --limit 1000' },
  ];
  static override args = runArgument;
  static override flags = {
    ...formatFlag,
    ...storeFlags,
    at: Flags.integer({
      description: 'As it was after this revision. Default: the last one.',
      min: 0,
      helpValue: 'REVISION',
    }),
    limit: Flags.integer({
      char: 'n',
      description: 'Tasks at most. Viewers refuse large pictures: Mermaid by itself draws 500 edges.',
      default: 200,
      min: 1,
    }),
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(RunGraph);
    const { drawRun } = await import('../../runs/draw-run.ts');
    await drawRun(args.run, flags, this.terminal(flags));
  }
}
