import { Flags } from '@oclif/core';
import { RepriseCommand } from '../../base-command.ts';
import { formatFlag, runArgument, storeFlags } from '../../flags.ts';

export default class RunHistory extends RepriseCommand {
  static override rows = { id: ['revision'] };
  static override summary = 'Print the events of a run, one a line.';
  static override description =
    'Reads the store only. With --follow: what is appended from now on, too, until the run ends. With --json: one object per event, as recorded.';
  static override examples = [
    { description: 'All of it', command: '<%= config.bin %> run history last' },
    { description: 'As it happens', command: '<%= config.bin %> run history last --follow' },
    {
      description: 'One task, and what failed',
      command: '<%= config.bin %> run history last --task inspect --type TaskAttemptFailed',
    },
    {
      description: 'For programs',
      command: '<%= config.bin %> run history last --json | jq \'select(.type == "TaskCompleted")\'',
    },
    { description: 'For a spreadsheet', command: '<%= config.bin %> run history last --format csv > events.csv' },
  ];
  static override args = runArgument;
  static override flags = {
    ...formatFlag,
    ...storeFlags,
    follow: Flags.boolean({ char: 'f', description: 'Go on with events as they are appended.' }),
    from: Flags.integer({ description: 'First revision to print.', min: 0, helpValue: 'REVISION' }),
    type: Flags.string({
      description: 'Only events of this type. May be given several times.',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'TYPE',
    }),
    task: Flags.string({
      description: 'Only events about this task (all of its items), or one item (`inspect[12]`).',
      helpValue: 'TASK',
    }),
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(RunHistory);
    const { showHistory } = await import('../../runs/show-history.ts');
    process.exitCode = await showHistory(args.run, flags, this.terminal(flags));
  }
}
