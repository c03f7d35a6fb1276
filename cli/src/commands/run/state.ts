import { Flags } from '@oclif/core';
import { RepriseCommand } from '../../base-command.ts';
import { formatFlag, runArgument, storeFlags } from '../../flags.ts';

export default class RunState extends RepriseCommand {
  static override rows = { id: ['runId'] };
  static override summary = 'Show the state of a run, now or at any revision.';
  static override description =
    'Folds the events up to a revision. Reads the store only. With --json: the whole state, every item included.';
  static override examples = [
    { description: 'Now', command: '<%= config.bin %> run state last' },
    { description: 'As it was after the first 40 events', command: '<%= config.bin %> run state last --at 39' },
    {
      description: 'What a task was given and what it gave',
      command: "<%= config.bin %> run state last --json | jq '.tasks.audit | {input, output}'",
    },
  ];
  static override args = runArgument;
  static override flags = {
    ...formatFlag,
    ...storeFlags,
    at: Flags.integer({ description: 'The revision. Default: the last one.', min: 0, helpValue: 'REVISION' }),
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(RunState);
    const { showState } = await import('../../runs/show-state.ts');
    await showState(args.run, flags, this.terminal(flags));
  }
}
