import { Flags } from '@oclif/core';
import { RepriseCommand } from '../../base-command.ts';
import { answerFlags, formatFlag, storeFlags, taskArguments } from '../../flags.ts';

export default class RunOverride extends RepriseCommand {
  static override rows = { id: ['runId'] };
  static override summary = 'Say what a task gives.';
  static override description =
    'The task, which has not ended, completes with this output, as if it had given it; its attempt is aborted, and what that gives yet is ignored. Child runs, and what is in a block, are awaited first. What has ended gets another output by a fork (run fork --outcome). Works while another process drives; when none does, the run goes on at the next start (worker start).';
  static override examples = [
    {
      description: 'The payment was made by hand',
      command: `<%= config.bin %> run override order-7 pay --output '{"receipt":"R-7"}' --by kim --reason 'paid by phone'`,
    },
    { description: 'From a file', command: '<%= config.bin %> run override order-7 pay --output @receipt.json' },
  ];
  static override args = taskArguments;
  static override flags = {
    ...formatFlag,
    ...storeFlags,
    output: Flags.string({
      description: 'What it gives, as JSON; `@FILE` is a file with JSON, `-` is stdin.',
      helpValue: 'JSON',
      required: true,
    }),
    ...answerFlags,
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(RunOverride);
    const { overrideTask } = await import('../../runs/change-task.ts');
    await overrideTask(args.run, args.task, flags, this.terminal(flags, 'go-on'));
  }
}
