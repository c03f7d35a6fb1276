import { Flags } from '@oclif/core';
import { RepriseCommand } from '../base-command.ts';
import { storeFlags } from '../flags.ts';

export default class Dashboard extends RepriseCommand {
  static override summary = 'Serve the dashboard of a store, on this machine only.';
  static override description =
    'Shows runs live, and at any revision: graph, timeline, history, why a run does not move, messages, forms, dead letters, agents. Works beside whoever drives the store, and drives nothing. The printed link opens one browser, once; the next one is printed then.';
  static override examples = [
    { description: 'Opened in the browser', command: '<%= config.bin %> dashboard --open' },
    { description: 'To look at only, at another port', command: '<%= config.bin %> dashboard --read-only --port 4700' },
  ];
  static override flags = {
    ...storeFlags,
    port: Flags.integer({
      description: 'The port on 127.0.0.1. 0: any that is free.',
      default: 4680,
      min: 0,
      max: 65_535,
      helpValue: 'N',
    }),
    open: Flags.boolean({ description: 'Open it in the browser.' }),
    by: Flags.string({
      description: 'Who changes something there: it is put on record. Default: the name of the user.',
      helpValue: 'NAME',
    }),
    'read-only': Flags.boolean({ description: 'Nothing can be changed there.' }),
  };

  override async run(): Promise<void> {
    const { flags } = await this.parse(Dashboard);
    const { serveDashboard } = await import('../dashboard/serve-dashboard.ts');
    process.exitCode = await serveDashboard(flags, this.terminal(flags.json, 'go-on'));
  }
}
