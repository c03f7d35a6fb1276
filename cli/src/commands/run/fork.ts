import { Flags } from '@oclif/core';
import { RepriseCommand } from '../../base-command.ts';
import { formatFlag, goOnFlags, outcomeFlag, runArgument, storeFlags } from '../../flags.ts';

export default class RunFork extends RepriseCommand {
  static override rows = { id: ['runId'] };
  static override summary = 'Start a new run from the history of another, up to a point.';
  static override description =
    'The new run begins with the events of the other one up to --at, and goes on from there on its own: with another outcome of a task, with another input, with a workflow that was mended, or just once more. The other run, open or ended, is left as it is, and nothing that it did is undone. Idempotency keys stay the same, but for what comes after a task that is given another outcome. With another input (--input), nothing that the other run did is taken over, whatever --at says, because it could have seen the old one: everything is done anew, with keys of its own, but for what --outcome says. Without --wait or --follow, whichever process drives the store carries it out.';
  static override examples = [
    {
      description: 'What if the review had said no?',
      command: `<%= config.bin %> run fork last --outcome 'review={"ok":false}' --follow`,
    },
    {
      description: 'The same with another input',
      command: `<%= config.bin %> run fork last --input '{"folder":"../app"}' --wait`,
    },
    { description: 'Go on from event 12', command: '<%= config.bin %> run fork last --at 12 --wait' },
  ];
  static override args = runArgument;
  static override flags = {
    ...formatFlag,
    ...storeFlags,
    at: Flags.integer({
      aliases: ['from'],
      description:
        'The last event that is taken over, as `run history` numbers them. Default: the last before the end. --from is the same.',
      helpValue: 'REVISION',
      min: 0,
    }),
    input: Flags.string({
      char: 'i',
      description:
        'Another input: JSON, or one member of it, KEY=VALUE; may be given several times. `-` is stdin. Everything is done anew.',
      helpValue: 'JSON|KEY=VALUE|-',
      exclusive: ['input-file'],
      multiple: true,
      multipleNonGreedy: true,
    }),
    'input-file': Flags.string({
      char: 'F',
      description: 'File with another input, as JSON. `-` is stdin.',
      helpValue: 'FILE',
    }),
    ...goOnFlags,
    outcome: outcomeFlag({ aliases: ['replace'], more: ' --replace is the same.' }),
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(RunFork);
    const { forkRun } = await import('../../runs/retry-run.ts');
    process.exitCode = await forkRun(args.run, flags, this.terminal(flags, 'go-on'));
  }
}
