import { Args, Flags } from '@oclif/core';
import { RepriseCommand } from '../../base-command.ts';
import { formatFlag, storeFlags } from '../../flags.ts';

export default class ViewsShow extends RepriseCommand {
  static override rows = { list: 'rows', id: ['key'] };
  static override aliases = ['projection:query', 'projection:show', 'views:query'];
  static override summary = 'Print rows of a view.';
  static override description =
    'The view is brought up to date before. A query names fields of the view: those that its table shows. docs/reference/queries.md says how one is written.';
  static override examples = [
    { description: 'What every minute brought', command: '<%= config.bin %> views show throughput' },
    {
      description: 'Where the time of a workflow went, in the last hour',
      command: "<%= config.bin %> views show waiting 'workflow:order minute>=-1h'",
    },
    {
      description: 'The busiest minutes of a workflow, the busiest first',
      command:
        "<%= config.bin %> projection query throughput --where 'workflow:order' --sort attempts:desc --limit 5 --format csv",
    },
    {
      description: 'Every attempt of a run',
      command: '<%= config.bin %> views show timelines run:nightly-7 --json',
    },
  ];
  static override args = {
    view: Args.string({ description: 'Name of the view.', required: true }),
    query: Args.string({ description: 'Only rows that fit. Default: all.' }),
  };
  static override flags = {
    ...formatFlag,
    ...storeFlags,
    where: Flags.string({ char: 'q', description: 'The same as QUERY: only rows that fit.', helpValue: 'QUERY' }),
    sort: Flags.string({
      description:
        'By a field of the view that is a number, a time or a duration; `FIELD:desc`: the greatest first. Rows without it come last. Default: as the view says',
      helpValue: 'FIELD',
    }),
    limit: Flags.integer({ char: 'n', description: 'Rows at most.', default: 20, min: 1, max: 1000 }),
    after: Flags.string({ description: 'Go on after the page before.', helpValue: 'CURSOR' }),
    stale: Flags.boolean({ description: 'Show what there is, without bringing it up to date.' }),
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(ViewsShow);
    const { showView } = await import('../../views/show-view.ts');
    await showView(args.view, { ...flags, query: args.query }, this.terminal(flags));
  }
}
