import { Flags } from '@oclif/core';
import { RepriseCommand } from '../../base-command.ts';
import { runArgument, storeFlags } from '../../flags.ts';

export default class RunRetry extends RepriseCommand {
  static override summary = 'Try a run again from the results so far.';
  static override description =
    'A run that failed or was cancelled: a new run takes over the results of the tasks that completed, and does the rest. A run that is open: tasks that wait for a retry are tried at once. Without --wait or --follow, whichever process drives the store carries it out.';
  static override examples = [{ description: 'And watch it', command: '<%= config.bin %> run retry last --follow' }];
  static override args = runArgument;
  static override flags = {
    ...storeFlags,
    again: Flags.string({
      description: 'An at-most-once task that may be done again, after a look outside. May be given several times.',
      helpValue: 'TASK',
      multiple: true,
    }),
    id: Flags.string({ description: 'Id of the new run. Default: a new one.', helpValue: 'ID' }),
    wait: Flags.boolean({ char: 'w', description: 'Drive the run here, and wait for its end.', exclusive: ['follow'] }),
    follow: Flags.boolean({ char: 'f', description: 'Drive the run here, and show it while it goes on.' }),
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(RunRetry);
    const { retryRun } = await import('../../runs/retry-run.ts');
    process.exitCode = await retryRun(args.run, flags, this.terminal(flags.json, 'go-on'));
  }
}
