import { Flags } from '@oclif/core';
import { RepriseCommand } from '../../base-command.ts';
import { bulkFlags, formatFlag, runOrQueryArgument, storeFlags, whoFlags } from '../../flags.ts';

export default class RunCancel extends RepriseCommand {
  static override rows = { list: 'done', id: ['runId'] };
  static override summary = 'Cancel a run.';
  static override description =
    'Agents that work for it get their AbortSignal. The run ends at once, unless something is outstanding: then it closes first, that is, its child runs end, attempts that would have to be undone are awaited, and what was done is undone. Works while another process drives, and needs no agent and no workflow to be loadable.';
  static override examples = [
    { description: 'The newest run', command: '<%= config.bin %> run cancel last' },
    {
      description: 'Without waiting for anything, or undoing it',
      command: '<%= config.bin %> run cancel last --force',
    },
    {
      description: 'Every open run of a workflow and a label',
      command: "<%= config.bin %> run cancel --query 'workflow:order label.team:eu' --reason 'wrong prices'",
    },
    {
      description: 'Those that a list gives',
      command:
        '<%= config.bin %> run list --status paused --format ids | <%= config.bin %> run cancel - --reason "not needed"',
    },
    { description: 'Saying why', command: '<%= config.bin %> run cancel nightly-7 --reason "wrong input"' },
  ];
  static override args = runOrQueryArgument;
  static override flags = {
    ...formatFlag,
    ...storeFlags,
    ...bulkFlags,
    force: Flags.boolean({
      description:
        'End at once: nothing is waited for, and nothing undone. Only messages that other runs are owed are handed over first (5 minutes at the most); said again, not even that.',
    }),
    ...whoFlags,
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(RunCancel);
    const { steerRuns } = await import('../../runs/steer-runs.ts');
    process.exitCode = await steerRuns(args.run, 'cancel', flags, this.terminal(flags, 'go-on'));
  }
}
