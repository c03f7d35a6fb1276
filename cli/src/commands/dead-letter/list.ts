import { Args, Flags } from '@oclif/core';
import { RepriseCommand } from '../../base-command.ts';
import { formatFlag, storeFlags } from '../../flags.ts';

export default class DeadLetterList extends RepriseCommand {
  static override rows = { list: 'deadLetters', id: ['runId', 'message'] };
  static override summary = 'List messages that nobody could do anything with.';
  static override description =
    'Where each was, whose it was, why it is dead and since when, of all runs of the store; the oldest comes first. What they say is not shown. Read from a view, so no run is loaded.';
  static override examples = [
    { description: 'Everything that somebody has to look at', command: '<%= config.bin %> dead-letter list' },
    {
      description: 'Of a mailbox, by what went wrong, since yesterday',
      command: "<%= config.bin %> dead-letter list 'mailbox:#desk code:CARD_DECLINED since>=-24h'",
    },
    { description: 'Those of runs that have ended, too', command: '<%= config.bin %> dead-letter list --closed' },
    {
      description: 'For scripts',
      command: "<%= config.bin %> dead-letter list --json | jq -r '.deadLetters[] | [.runId, .message] | @tsv'",
    },
  ];
  static override args = {
    query: Args.string({
      description:
        'Only those that fit, such as \'mailbox:#desk code:CARD* since<-1h "declined"\': see docs/reference/queries.md. Its fields are those of the view dead-letters. Unless it names a `status`, those that are open.',
    }),
  };
  static override flags = {
    ...formatFlag,
    ...storeFlags,
    closed: Flags.boolean({ description: 'Those of runs that have ended, too.' }),
    limit: Flags.integer({ char: 'n', description: 'Dead letters at most.', default: 50, min: 1, max: 10_000 }),
    after: Flags.string({ description: 'Go on after the page before.', helpValue: 'CURSOR' }),
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(DeadLetterList);
    const { listDeadLetters } = await import('../../dead-letters/list-dead-letters.ts');
    await listDeadLetters({ ...flags, query: args.query }, this.terminal(flags));
  }
}
