import { Args } from '@oclif/core';
import { RepriseCommand } from '../../base-command.ts';
import { formatFlag, storeFlags } from '../../flags.ts';

export default class RunDiff extends RepriseCommand {
  static override rows = { list: 'differences', id: ['task'] };
  static override summary = 'Compare two runs: where they part first, and what each cost.';
  static override description =
    'Aligns the two histories by path, round and attempt. Ids of runs, times and workers are no difference. Says where the two part first, what is different in both, what is only in one, and what each took. Of runs of different workflows only the cost is compared. Reads the store only.';
  static override examples = [
    { description: 'A run and its fork', command: '<%= config.bin %> run diff 0mbx 0mc1' },
    {
      description: 'Where they part',
      command: '<%= config.bin %> run diff nightly-7 last --json | jq .parting',
    },
  ];
  static override args = {
    a: Args.string({
      description: 'Run id, any unique beginning of it, or `last` for the newest run.',
      required: true,
    }),
    b: Args.string({ description: 'The other run, in the same way.', required: true }),
  };
  static override flags = { ...storeFlags, ...formatFlag };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(RunDiff);
    const { showDiff } = await import('../../runs/show-diff.ts');
    await showDiff(args.a, args.b, flags, this.terminal(flags));
  }
}
