import { Flags } from '@oclif/core';
import { RepriseCommand } from '../../base-command.ts';
import { healthFlags, logFlags, storeFlags } from '../../flags.ts';

export default class OrchestratorStart extends RepriseCommand {
  static override summary = 'Drive the open runs, until stopped; agents are left to workers.';
  static override description =
    "Decides what comes next in every open run, and every run that is started meanwhile from anywhere, and hands the attempts to workers (`worker start`) over the project's transport. Several of them share the runs where the store lets them (Kafka with EventStoreDB). Where the messages stay in the process, it runs the agents itself, as `worker start` does. Ctrl-C (or SIGTERM) drains, a second one stops at once; what is open goes on elsewhere, or at the next start. Logs go to stderr.";
  static override examples = [
    {
      description: 'With probes for whoever supervises it',
      command: '<%= config.bin %> orchestrator start --health-port 8080',
    },
    {
      description: 'One process that does all, although it has a transport',
      command: '<%= config.bin %> orchestrator start --agents',
    },
  ];
  static override flags = {
    ...storeFlags,
    ...logFlags,
    agents: Flags.boolean({ description: "Run the project's agents here, too, beside workers elsewhere." }),
    'until-idle': Flags.boolean({
      description:
        'End when no run is left that could move by itself. A sleep, a retry and a time limit, of a wait too, are waited for, however long.',
    }),
    ...healthFlags,
  };

  override async run(): Promise<void> {
    const { flags } = await this.parse(OrchestratorStart);
    const { startOrchestrator } = await import('../../workers/start-orchestrator.ts');
    process.exitCode = await startOrchestrator(flags, this.terminal(flags.json, 'go-on'));
  }
}
