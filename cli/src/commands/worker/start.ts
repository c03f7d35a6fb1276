import { Flags } from '@oclif/core';
import { RepriseCommand } from '../../base-command.ts';
import { storeFlags } from '../../flags.ts';

export default class WorkerStart extends RepriseCommand {
  static override summary = 'Drive the open runs of the store, until stopped.';
  static override description =
    'Carries out every open run, and every run that is started meanwhile from anywhere. One process drives a store at a time; another one waits, and takes over when the first ends, however it ends. Ctrl-C (or SIGTERM) drains, a second one stops at once; what is open goes on at the next start. Logs go to stderr.';
  static override examples = [
    { description: 'In the foreground', command: '<%= config.bin %> worker start' },
    {
      description: 'Until nothing is left to do, as in a cron job',
      command: '<%= config.bin %> worker start --until-idle --log warn',
    },
  ];
  static override flags = {
    ...storeFlags,
    log: Flags.option({
      description: 'The least level that is logged.',
      default: 'info' as const,
      options: ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const,
    })(),
    'log-format': Flags.option({
      description: 'How it is logged: json, text for people, or auto: text on a terminal, JSON elsewhere.',
      default: 'auto' as const,
      options: ['auto', 'json', 'text'] as const,
    })(),
    'until-idle': Flags.boolean({ description: 'End when no run is left that could move.' }),
  };

  override async run(): Promise<void> {
    const { flags } = await this.parse(WorkerStart);
    const { startWorker } = await import('../../workers/start-worker.ts');
    process.exitCode = await startWorker(flags, this.terminal(flags.json, 'go-on'));
  }
}
