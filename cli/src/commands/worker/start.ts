import { Flags } from '@oclif/core';
import { RepriseCommand } from '../../base-command.ts';
import { healthFlags, logFlags, storeFlags } from '../../flags.ts';

export default class WorkerStart extends RepriseCommand {
  static override summary = "Run the project's agents, and drive its runs where nobody else can, until stopped.";
  static override description =
    'Without a transport between processes (the default): carries out every open run of the store, and every run that is started meanwhile from anywhere. One process drives a store at a time; another one waits, and takes over when the first ends, however it ends. With one (Kafka): takes attempts from whoever drives (`orchestrator start`), and uses no store. Ctrl-C (or SIGTERM) drains, a second one stops at once; what is open goes on at the next start, or at another worker. Logs go to stderr.';
  static override examples = [
    { description: 'In the foreground', command: '<%= config.bin %> worker start' },
    {
      description: 'Until nothing is left to do, as in a cron job',
      command: '<%= config.bin %> worker start --until-idle --log warn',
    },
    {
      description: 'With probes for whoever supervises it',
      command: '<%= config.bin %> worker start --health-port 8080',
    },
  ];
  static override flags = {
    ...storeFlags,
    ...logFlags,
    'until-idle': Flags.boolean({
      description:
        'End when no run is left that could move by itself. A sleep, a retry and a time limit, of a wait too, are waited for, however long. Only where it drives them.',
    }),
    ...healthFlags,
  };

  override async run(): Promise<void> {
    const { flags } = await this.parse(WorkerStart);
    const { startWorker } = await import('../../workers/start-worker.ts');
    process.exitCode = await startWorker(flags, this.terminal(flags.json, 'go-on'));
  }
}
