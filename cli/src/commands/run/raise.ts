import { RepriseCommand } from '../../base-command.ts';
import { answerFlags, formatFlag, requiredRaiseFlag, runArgument, storeFlags } from '../../flags.ts';

export default class RunRaise extends RepriseCommand {
  static override rows = { id: ['runId'] };
  static override summary = 'Let a run spend more.';
  static override description =
    'Raises budgets of a run that is open, or of blocks of it that are under way: what waits because of one goes on. Only what is limited can be raised (run state shows what is). Works while another process drives; when none does, the run goes on at the next start (worker start).';
  static override examples = [
    { description: 'More tokens for the run', command: '<%= config.bin %> run raise last --budget tokens=+50000' },
    {
      description: 'For a block, and for one agent',
      command:
        '<%= config.bin %> run raise last --budget review=attempts=+5 --budget agents.writer.cost=+2.5 --by kim --reason "worth it"',
    },
  ];
  static override args = runArgument;
  static override flags = {
    ...formatFlag,
    ...storeFlags,
    budget: requiredRaiseFlag,
    ...answerFlags,
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(RunRaise);
    const { raiseBudgets } = await import('../../runs/raise-budgets.ts');
    await raiseBudgets(args.run, flags, this.terminal(flags, 'go-on'));
  }
}
