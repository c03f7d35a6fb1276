import { Flags } from '@oclif/core';
import { RepriseCommand } from '../../base-command.ts';
import { answerFlags, formatFlag, storeFlags, taskArguments } from '../../flags.ts';

export default class RunUnlink extends RepriseCommand {
  static override rows = { id: ['runId'] };
  static override summary = 'Let a task no longer come after others.';
  static override description =
    'The task, which waits for others still, waits for these no more, until the next round of its block. Refused when it, or what comes after it, reads what would be out of sight then. Works while another process drives.';
  static override examples = [
    {
      description: 'Ship without waiting for the audit',
      command: '<%= config.bin %> run unlink last ship --after audit --by kim',
    },
  ];
  static override args = taskArguments;
  static override flags = {
    ...formatFlag,
    ...storeFlags,
    after: Flags.string({
      description: 'A task of the same block, by its id there. May be given several times.',
      helpValue: 'TASK',
      multiple: true,
      multipleNonGreedy: true,
      required: true,
    }),
    ...answerFlags,
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(RunUnlink);
    const { relinkTask } = await import('../../runs/change-task.ts');
    await relinkTask('unlink', args.run, args.task, flags, this.terminal(flags, 'go-on'));
  }
}
