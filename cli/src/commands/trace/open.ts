import { Flags } from '@oclif/core';
import { RepriseCommand } from '../../base-command.ts';
import { formatFlag, runArgument, storeFlags } from '../../flags.ts';

export default class TraceOpen extends RepriseCommand {
  static override rows = { id: ['traceId'] };
  static override summary = 'Open the trace of a run in Jaeger, or print its address.';
  static override description =
    'Prints the address; on a terminal, opens it in the browser, too. Which trace a run has follows from the run, whether it was sent or not: what is not there, `trace export` sends. Reads the store only.';
  static override examples = [
    { description: 'The newest run', command: '<%= config.bin %> trace open last' },
    { description: 'Only its address', command: '<%= config.bin %> trace open last --print' },
    {
      description: 'Elsewhere than in Jaeger',
      command: `<%= config.bin %> trace open last --url 'https://traces.example.com/explore?trace={traceId}'`,
    },
  ];
  static override args = runArgument;
  static override flags = {
    ...formatFlag,
    ...storeFlags,
    url: Flags.string({
      description: 'Where Jaeger is, or the address of a trace with `{traceId}` in the place of its id.',
      env: 'REPRISE_TRACE_URL',
      default: 'http://127.0.0.1:16686',
      helpValue: 'TEMPLATE',
    }),
    print: Flags.boolean({ description: 'Do not open it.' }),
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(TraceOpen);
    const { openTrace } = await import('../../traces/open-trace.ts');
    await openTrace(args.run, flags, this.terminal(flags));
  }
}
