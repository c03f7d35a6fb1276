import { Flags } from '@oclif/core';
import { RepriseCommand } from '../../base-command.ts';
import { formatFlag, runArgument, storeFlags } from '../../flags.ts';

export default class RunExplain extends RepriseCommand {
  static override rows = { list: 'tasks', id: ['taskId'] };
  static override summary = 'Explain why a run does not end, or why it ended.';
  static override description =
    'For every task that has not ended, the one reason and what would move it; of a run that failed, what failed first. Reads the store only, whoever drives the run. Which tasks nobody takes is told by the agents of the configuration.';
  static override examples = [
    { description: 'The newest run', command: '<%= config.bin %> run explain last' },
    {
      description: 'The cause in one line',
      command: '<%= config.bin %> run explain last --json | jq -r .summary',
    },
    {
      description: 'Signals that are waited for',
      command: `<%= config.bin %> run explain last --json | jq -r '.tasks[] | select(.reason == "signal") | .signal'`,
    },
    {
      description: 'Which tasks made it as long as it was, and what each waited for',
      command: '<%= config.bin %> run explain last --critical-path',
    },
  ];
  static override args = runArgument;
  static override flags = {
    ...storeFlags,
    ...formatFlag,
    'critical-path': Flags.boolean({
      description:
        'Also tell which attempts made it as long as it is: each began when the one before was over. Reads its whole history.',
    }),
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(RunExplain);
    const { explainRun } = await import('../../runs/explain-run.ts');
    await explainRun(args.run, flags, this.terminal(flags), { path: flags['critical-path'] });
  }
}
