import { RepriseCommand } from '../../base-command.ts';
import { answerFlags, formatFlag, storeFlags, taskArguments } from '../../flags.ts';

export default class RunSkip extends RepriseCommand {
  static override rows = { id: ['runId'] };
  static override summary = 'Go on without a task.';
  static override description =
    'The task, which has not ended, is skipped: its attempts are aborted, what can be undone is awaited and undone first, and its output is null. Works while another process drives; when none does, the run goes on at the next start (worker start).';
  static override examples = [
    { description: 'Nobody needs the poster', command: '<%= config.bin %> run skip last poster --by kim' },
    {
      description: 'An item of a list',
      command: `<%= config.bin %> run skip order-7 'inspect[12]' --reason 'a dummy'`,
    },
  ];
  static override args = taskArguments;
  static override flags = { ...formatFlag, ...storeFlags, ...answerFlags };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(RunSkip);
    const { skipTask } = await import('../../runs/change-task.ts');
    await skipTask(args.run, args.task, flags, this.terminal(flags, 'go-on'));
  }
}
