import { Flags } from '@oclif/core';
import { RepriseCommand } from '../../base-command.ts';
import { formatFlag, runArgument, storeFlags } from '../../flags.ts';

export default class RunLogs extends RepriseCommand {
  static override rows = { id: ['task'] };
  static override summary = 'Show what the agents of a run logged.';
  static override description =
    'Lines of `context.logger` and of `context.emit`, of every attempt, in the order in which they came. They are kept beside the store for seven days, on the machine where the agents run: they are no history, and a replay does not make them. With --follow: what is logged from now on, too, until the run ends.';
  static override examples = [
    { description: 'All of them', command: '<%= config.bin %> run logs last' },
    { description: 'One task, as it happens', command: '<%= config.bin %> run logs last --task inspect --follow' },
    { description: 'What went wrong', command: '<%= config.bin %> run logs last --level warn' },
    {
      description: 'For programs',
      command: `<%= config.bin %> run logs last --json | jq 'select(.level == "error")'`,
    },
  ];
  static override args = runArgument;
  static override flags = {
    ...formatFlag,
    ...storeFlags,
    task: Flags.string({
      description: 'Only those of this task, with what is in it (`book` has `book/pay` and `book[3]`).',
      helpValue: 'TASK',
    }),
    attempt: Flags.integer({ description: 'Only those of this attempt.', min: 1, helpValue: 'N' }),
    level: Flags.option({
      description: 'The least level that is shown.',
      options: ['debug', 'progress', 'info', 'warn', 'error'] as const,
    })(),
    text: Flags.string({ description: 'Only lines that have this text.', helpValue: 'TEXT' }),
    tail: Flags.integer({ description: 'Only the last lines.', min: 1, max: 100_000, helpValue: 'N' }),
    follow: Flags.boolean({ char: 'f', description: 'Go on with lines as they come, until the run ends.' }),
    logs: Flags.string({
      description: 'The file, where a plugin of the project keeps logs elsewhere. Default: beside the store.',
      helpValue: 'PATH',
    }),
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(RunLogs);
    const { showLogs } = await import('../../logs/show-logs.ts');
    process.exitCode = await showLogs(args.run, flags, this.terminal(flags));
  }
}
