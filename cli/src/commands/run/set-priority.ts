import { Args } from '@oclif/core';
import { RepriseCommand } from '../../base-command.ts';
import { answerFlags, formatFlag, storeFlags, taskArguments } from '../../flags.ts';

export default class RunSetPriority extends RepriseCommand {
  static override rows = { id: ['runId'] };
  static override summary = 'Let a task go before others, or behind them.';
  static override description =
    'Higher goes first, until the next round of the task; 0 is what a task has that says nothing. What was handed out already stays so. A negative one stands after `--`. Works while another process drives.';
  static override examples = [
    { description: 'Before all others', command: '<%= config.bin %> run set-priority last ship 10 --by kim' },
    { description: 'Behind them', command: '<%= config.bin %> run set-priority last report -- -5' },
  ];
  static override args = {
    ...taskArguments,
    priority: Args.string({ description: 'A number; higher goes first.', required: true }),
  };
  static override flags = { ...formatFlag, ...storeFlags, ...answerFlags };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(RunSetPriority);
    const { setPriority } = await import('../../runs/change-task.ts');
    await setPriority(args.run, args.task, args.priority, flags, this.terminal(flags, 'go-on'));
  }
}
