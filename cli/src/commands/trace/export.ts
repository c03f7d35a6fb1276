import { Args, Flags } from '@oclif/core';
import { RepriseCommand } from '../../base-command.ts';
import { storeFlags } from '../../flags.ts';

export default class TraceExport extends RepriseCommand {
  static override summary = 'Make the traces of runs again from their histories, and send or write them.';
  static override description =
    'For what Jaeger has dropped, or sampling passed over: the spans have the same ids as those that were sent while the runs went on, or would have been. With the options of the monitor @reprise/monitor-opentelemetry of the project, where it has one. Reads the store only.';
  static override examples = [
    {
      description: 'The newest run, to the receiver of the project, or on this machine',
      command: '<%= config.bin %> trace export last',
    },
    { description: 'What failed today', command: "<%= config.bin %> trace export 'status:failed ended>=-24h'" },
    {
      description: 'To another receiver',
      command: '<%= config.bin %> trace export last --endpoint http://127.0.0.1:4318',
    },
    {
      description: 'To a file of OTLP/JSON lines',
      command: '<%= config.bin %> trace export last --output trace.jsonl',
    },
  ];
  static override usage = 'trace export RUN|QUERY [--to otlp|file] [--endpoint URL] [--output FILE]';
  static override args = {
    run: Args.string({
      description:
        'Run id, any unique beginning of it, or `last` for the newest run; or a query, as `run list` takes it.',
    }),
  };
  static override flags = {
    ...storeFlags,
    query: Flags.string({
      char: 'q',
      description: 'Every run that fits, instead of one: see docs/reference/queries.md.',
      helpValue: 'QUERY',
    }),
    to: Flags.string({
      description: 'A receiver of OTLP, or a file. Default: otlp, or file with --output.',
      options: ['otlp', 'file'],
    }),
    endpoint: Flags.string({
      description:
        'The receiver, OTLP over HTTP; /v1/traces is appended. Default: that of the project, then OTEL_EXPORTER_OTLP_ENDPOINT, then http://127.0.0.1:4318. Headers: OTEL_EXPORTER_OTLP_HEADERS.',
      helpValue: 'URL',
    }),
    output: Flags.string({
      char: 'o',
      description: 'File to write, a request in OTLP/JSON a line. Default: stdout (`-`).',
      helpValue: 'FILE',
    }),
    texts: Flags.boolean({
      description:
        "With what people and models wrote: messages of errors, reasons, whys of decisions. Default: as the project's monitor has it, or else not.",
      allowNo: true,
    }),
    children: Flags.boolean({
      description: 'With the runs that they started, whose spans are in the same trace.',
      allowNo: true,
      default: true,
    }),
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(TraceExport);
    const { exportTraces } = await import('../../traces/export-traces.ts');
    process.exitCode = await exportTraces({ ...flags, run: args.run }, this.terminal(flags.json));
  }
}
