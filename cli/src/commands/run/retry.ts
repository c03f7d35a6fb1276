import { RepriseCommand } from '../../base-command.ts';
import { bulkFlags, formatFlag, goOnFlags, raiseFlag, runOrQueryArgument, storeFlags } from '../../flags.ts';

export default class RunRetry extends RepriseCommand {
  static override rows = { list: 'done', id: ['runId'] };
  static override summary = 'Go on with a run that failed or was cancelled.';
  static override description =
    'A run that failed or was cancelled: a new run begins with its history, up to where it took the turn to its end, and does again what failed, and what was undone. Everything else stands: results, rounds of loops, signals. A run that is open: tasks that wait for a retry are tried at once. Without --wait or --follow, whichever process drives the store carries it out.';
  static override examples = [
    { description: 'And watch it', command: '<%= config.bin %> run retry last --follow' },
    {
      description: 'What failed today because the card service was away',
      command:
        "<%= config.bin %> run retry --query 'status:failed error:CARD* ended>=-24h' --reason 'cards work again'",
    },
    {
      description: 'The payment was made, as a look outside has shown',
      command: `<%= config.bin %> run retry last --outcome 'pay={"receipt":"R-7"}'`,
    },
    {
      description: 'With more to spend than it was given',
      command: '<%= config.bin %> run retry last --budget attempts=+50',
    },
  ];
  static override args = runOrQueryArgument;
  static override flags = {
    ...formatFlag,
    ...storeFlags,
    ...goOnFlags,
    budget: raiseFlag,
    ...bulkFlags,
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(RunRetry);
    const { retryRuns } = await import('../../runs/retry-runs.ts');
    process.exitCode = await retryRuns(args.run, flags, this.terminal(flags, 'go-on'));
  }
}
