import { Flags } from '@oclif/core';
import { RepriseCommand } from '../base-command.ts';
import { logFlags, storeFlags } from '../flags.ts';

export default class Dev extends RepriseCommand {
  static override summary =
    'Run the project while you work on it: store, agents and dashboard, with code loaded anew as it changes.';
  static override description =
    'Drives the runs of the store, runs the agents, and serves the dashboard. When a file of the project changes, the new code is loaded in a new process first; code that does not load is told, and the process before goes on. Then attempts under way have 2 s to end (at-most-once ones are awaited), and the new process goes on with the open runs; it says what becomes of those, as `workflow compat` does. A process that ends by itself is begun anew. Ctrl-C drains, a second one stops at once. For yourself, on this machine: what serves others runs `worker start`.';
  static override examples = [
    {
      description: 'In the folder of the project; runs are started from another terminal',
      command: '<%= config.bin %> dev',
    },
    {
      description: 'With prompts that agents read, and without what they write',
      command: '<%= config.bin %> dev --watch prompts --ignore out',
    },
    {
      description: 'With the dashboard opened in the browser, on a port of your own',
      command: '<%= config.bin %> dev --open --port 4700',
    },
  ];
  static override flags = {
    ...storeFlags,
    ...logFlags,
    log: Flags.option({
      description: 'The least level that is logged.',
      default: 'warn' as const,
      options: ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const,
    })(),
    watch: Flags.string({
      description: 'A file or folder that is watched, too, whatever its files are called. May be given several times.',
      helpValue: 'PATH',
      multiple: true,
      multipleNonGreedy: true,
    }),
    ignore: Flags.string({
      description: 'A file or folder that is not watched: what agents write. May be given several times.',
      helpValue: 'PATH',
      multiple: true,
      multipleNonGreedy: true,
    }),
    port: Flags.integer({
      description: 'The port of the dashboard, on 127.0.0.1. Default: 4680, or any other when that is taken.',
      min: 0,
      max: 65_535,
      helpValue: 'N',
    }),
    dashboard: Flags.boolean({ description: 'Serve the dashboard.', default: true, allowNo: true }),
    open: Flags.boolean({ description: 'Open the dashboard in the browser.' }),
  };

  override async run(): Promise<void> {
    const { flags } = await this.parse(Dev);
    const { runDev } = await import('../dev/run-dev.ts');
    process.exitCode = await runDev(flags, this.terminal(flags.json, 'go-on'));
  }
}
