import { Flags } from '@oclif/core';
import { RepriseCommand } from '../../base-command.ts';
import { formatFlag, goOnFlags, runArgument, storeFlags } from '../../flags.ts';

export default class RunRerun extends RepriseCommand {
  static override rows = { id: ['runId'] };
  static override summary = 'Do a run once more from the beginning, with its input or another one.';
  static override description =
    'A new run of the same workflow (as it is registered now, or as it was recorded), with the input, labels, tenant, strategies and budget of the other, which may be open or ended and is left as it is. Everything is done anew, with idempotency keys of its own; what may be done at most once, and was, is asked about. The new run says which one it is a rerun of. Without --wait or --follow, whichever process drives the store carries it out.';
  static override examples = [
    { description: 'Once more', command: '<%= config.bin %> run rerun last --follow' },
    {
      description: 'With another amount, and without a note',
      command: `<%= config.bin %> run rerun order-7 --edit-input amount=12 --edit-input '{"note":null}' --wait`,
    },
    {
      description: 'By a JSON Patch',
      command: `<%= config.bin %> run rerun order-7 --edit-input '[{"op":"remove","path":"/items/0"}]'`,
    },
  ];
  static override args = runArgument;
  static override flags = {
    ...formatFlag,
    ...storeFlags,
    'edit-input': Flags.string({
      char: 'e',
      description:
        'A change of the input: a JSON Patch (a list, RFC 6902), a JSON Merge Patch (an object, RFC 7396; null removes), or one member, KEY=VALUE. May be given several times; `-` is stdin, `@FILE` a file.',
      helpValue: 'PATCH|KEY=VALUE',
      multiple: true,
      multipleNonGreedy: true,
    }),
    again: goOnFlags.again,
    id: goOnFlags.id,
    by: goOnFlags.by,
    reason: goOnFlags.reason,
    wait: goOnFlags.wait,
    follow: goOnFlags.follow,
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(RunRerun);
    const { rerunRun } = await import('../../runs/rerun-run.ts');
    process.exitCode = await rerunRun(args.run, flags, this.terminal(flags, 'go-on'));
  }
}
