import { Args, Flags } from '@oclif/core';
import { RepriseCommand } from '../base-command.ts';
import { storeFlags } from '../flags.ts';

export default class Dashboard extends RepriseCommand {
  static override summary = 'Serve the dashboard of a store: on this machine only, unless told otherwise.';
  static override description =
    'Shows runs live, and at any revision: graph, timeline, history, why a run does not move, messages, forms, dead letters, agents. Works beside whoever drives the store, and drives nothing. The printed link opens one browser, once; the next one is printed then. For others, --host listens elsewhere: by TLS, or behind a proxy that ends it, and who comes gives a token of a file (dashboard token add).';
  static override examples = [
    { description: 'Opened in the browser', command: '<%= config.bin %> dashboard --open' },
    { description: 'At the newest run', command: '<%= config.bin %> dashboard last --open' },
    { description: 'To look at only, at another port', command: '<%= config.bin %> dashboard --read-only --port 4700' },
    {
      description: 'For others, by TLS; who may is in a file',
      command:
        '<%= config.bin %> dashboard --host reprise.example --tls-cert cert.pem --tls-key key.pem --tokens tokens.json',
    },
    {
      description: 'Behind a proxy on this machine that ends TLS',
      command:
        '<%= config.bin %> dashboard --behind-proxy 127.0.0.1 --public-url https://reprise.example --tokens tokens.json',
    },
  ];
  static override args = {
    run: Args.string({ description: 'The run to open it at: its id, any unique beginning of it, or `last`.' }),
  };
  static override flags = {
    ...storeFlags,
    port: Flags.integer({
      description: 'The port. 0: any that is free.',
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
    host: Flags.string({
      description: 'Listen on this address or name instead of 127.0.0.1. Needs TLS or a proxy, and tokens.',
      helpValue: 'HOST',
    }),
    'tls-cert': Flags.string({
      description: 'The certificate with its chain, as PEM. Read again when it changes.',
      dependsOn: ['tls-key'],
      helpValue: 'FILE',
    }),
    'tls-key': Flags.string({ description: 'Its key, as PEM.', dependsOn: ['tls-cert'], helpValue: 'FILE' }),
    'behind-proxy': Flags.string({
      description:
        'The address (or network) of a proxy that ends TLS. Only it is answered, and its X-Forwarded headers are believed. May be given several times.',
      multiple: true,
      helpValue: 'ADDRESS',
    }),
    'public-url': Flags.string({
      description: 'What browsers call it; requests under other names are refused. May be given several times.',
      multiple: true,
      helpValue: 'https://NAME',
    }),
    'trace-url': Flags.string({
      description:
        'Where Jaeger is, or the address of a trace with `{traceId}` in the place of its id: runs link to their trace.',
      env: 'REPRISE_TRACE_URL',
      helpValue: 'TEMPLATE',
    }),
    tokens: Flags.string({
      description: 'The file of who may (dashboard token add). Read again when it changes.',
      helpValue: 'FILE',
    }),
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Dashboard);
    const { serveDashboard } = await import('../dashboard/serve-dashboard.ts');
    process.exitCode = await serveDashboard({ ...flags, run: args.run }, this.terminal(flags.json, 'go-on'));
  }
}
