import { Args, Flags } from '@oclif/core';
import { RepriseCommand } from '../../base-command.ts';
import { answerFlags, bulkFlags, formatFlag, runOrQueryArgument, storeFlags } from '../../flags.ts';

export default class RunSignal extends RepriseCommand {
  static override rows = { list: 'done', id: ['runId'] };
  static override summary = 'Send a run a signal.';
  static override description =
    'The task that has waited longest for a signal of that name takes it, and its data is the output of that task. When none waits yet, the signal is kept until one does. Works while another process drives; when none does, the run goes on at the next start (worker start).';
  static override examples = [
    { description: 'Without data', command: '<%= config.bin %> run signal last delivered' },
    {
      description: 'With data, as JSON',
      command: '<%= config.bin %> run signal order-7 approved --data \'{"ok":true,"by":"kim"}\'',
    },
    {
      description: 'From a file or a pipe',
      command: 'echo \'{"ok":true}\' | <%= config.bin %> run signal order-7 approved --data-file -',
    },
    {
      description: 'Every open run that fits',
      command:
        "<%= config.bin %> run signal go --query 'workflow:order label.team:eu' --reason 'the gate is open' --yes",
    },
    {
      description: 'From a script that may run twice: the same request takes effect once',
      command: '<%= config.bin %> run signal order-7 approved --request-id approval-42',
    },
  ];
  static override usage = ['run signal RUN NAME', 'run signal - NAME', 'run signal NAME --query QUERY --reason TEXT'];
  static override args = {
    ...runOrQueryArgument,
    name: Args.string({
      description: 'Name of the signal, as the workflow waits for it. With --query, it is all that is named.',
    }),
  };
  static override flags = {
    ...formatFlag,
    ...storeFlags,
    data: Flags.string({
      char: 'd',
      description: 'What comes with it, as JSON. Default: null',
      helpValue: 'JSON',
      exclusive: ['data-file'],
    }),
    'data-file': Flags.string({
      char: 'F',
      description: 'File with the data, as JSON. `-` is stdin.',
      helpValue: 'FILE',
    }),
    ...bulkFlags,
    ...answerFlags,
  };

  override async run(): Promise<void> {
    const { argv, flags } = await this.parse(RunSignal);
    const { sendSignal } = await import('../../runs/send-signal.ts');
    process.exitCode = await sendSignal(argv.map(String), flags, this.terminal(flags, 'go-on'));
  }
}
