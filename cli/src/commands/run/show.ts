import { Args } from '@oclif/core';
import { RepriseCommand } from '../../base-command.ts';
import { formatFlag, runArgument, storeFlags } from '../../flags.ts';

export default class RunShow extends RepriseCommand {
  static override rows = { id: ['runId', 'taskId'] };
  static override summary = 'Show a run: status, tasks, output; or one task of it, in full.';
  static override description =
    'Reads the store only. With --json: the whole input and output, and one object per task of the definition. With a task: its input and output, and each attempt, with what it failed with.';
  static override examples = [
    { description: 'The newest run', command: '<%= config.bin %> run show last' },
    { description: 'Any unique beginning of the id will do', command: '<%= config.bin %> run show 0mbx' },
    {
      description: 'One task: input, output, attempts, errors in full',
      command: '<%= config.bin %> run show last pay',
    },
    { description: 'Its output', command: '<%= config.bin %> run show last --json | jq .output' },
  ];
  static override args = {
    ...runArgument,
    task: Args.string({
      description: 'Only this task of it, by its path: `pay`, `book/pay` in a block, `inspect[12]` of a list.',
    }),
  };
  static override flags = { ...storeFlags, ...formatFlag };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(RunShow);
    if (args.task !== undefined) {
      const { showTask } = await import('../../runs/show-task.ts');
      await showTask(args.run, args.task, flags, this.terminal(flags));
      return;
    }
    const { showRun } = await import('../../runs/show-run.ts');
    await showRun(args.run, flags, this.terminal(flags));
  }
}
