import { Flags } from '@oclif/core';
import { RepriseCommand } from '../../base-command.ts';
import { answerFlags, formatFlag, storeFlags, taskArguments } from '../../flags.ts';

export default class RunLink extends RepriseCommand {
  static override rows = { id: ['runId'] };
  static override summary = 'Let a task come after others, too.';
  static override description =
    'The task, which waits for others still, waits for these as well, until the next round of its block; it can read their outputs then. What it is handed by default stays as it was. Works while another process drives.';
  static override examples = [
    {
      description: 'Ship only after the audit',
      command: '<%= config.bin %> run link last ship --after audit --by kim',
    },
    {
      description: 'In a block: ids of that block',
      command: '<%= config.bin %> run link last book/ship --after pay --after pack',
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
    const { args, flags } = await this.parse(RunLink);
    const { relinkTask } = await import('../../runs/change-task.ts');
    await relinkTask('link', args.run, args.task, flags, this.terminal(flags, 'go-on'));
  }
}
