import { Args, Flags } from '@oclif/core';
import { RepriseCommand } from '../../base-command.ts';
import { formatFlag, storeFlags } from '../../flags.ts';

export default class RunList extends RepriseCommand {
  static override rows = { list: 'runs', id: ['runId'] };
  static override summary = 'List runs, the newest first.';
  static override description =
    'Reads the store, and works while another process drives. Only when an open run stands still, the project is loaded to say why.';
  static override examples = [
    { description: 'The newest runs', command: '<%= config.bin %> run list' },
    { description: 'What failed today', command: "<%= config.bin %> run list 'status:failed ended>=-24h'" },
    { description: 'The same, by flags', command: '<%= config.bin %> run list --status failed --since 24h' },
    {
      description: 'By labels, tenant and text',
      command: `<%= config.bin %> run list 'label.team:eu -tenant:acme "card declined"'`,
    },
    { description: 'Those that took longest', command: '<%= config.bin %> run list --sort duration:desc' },
    { description: 'The next page', command: '<%= config.bin %> run list --after 1767225600000-41' },
    { description: 'For programs', command: "<%= config.bin %> run list --json | jq '.runs[].runId'" },
  ];
  static override args = {
    query: Args.string({
      description:
        'Only runs that fit, such as \'status:failed label.team:eu started>=-2h "card declined"\': see docs/reference/queries.md.',
    }),
  };
  static override flags = {
    ...formatFlag,
    ...storeFlags,
    status: Flags.string({
      description: 'Only runs with this status. May be given several times.',
      multiple: true,
      multipleNonGreedy: true,
      options: ['forking', 'running', 'paused', 'parked', 'completed', 'failed', 'cancelled'],
    }),
    workflow: Flags.string({ description: 'Only runs of this workflow.', helpValue: 'NAME' }),
    since: Flags.string({
      description:
        'Only runs started at or after this time (2026-01-31, 2026-01-31T14:00:00Z), or so long ago at most (30m, 2h, 7d).',
      helpValue: 'TIME',
    }),
    sort: Flags.string({
      description:
        'By started, updated, ended, duration or events; `FIELD:desc`: the greatest first. Runs without it come last. Default: started:desc',
      helpValue: 'FIELD',
    }),
    limit: Flags.integer({ char: 'n', description: 'Runs at most.', default: 20, min: 1, max: 1000 }),
    after: Flags.string({
      description: 'Go on after the last run of the page before: its cursor, with the same --sort.',
      helpValue: 'CURSOR',
    }),
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(RunList);
    const { listRuns } = await import('../../runs/list-runs.ts');
    await listRuns({ ...flags, query: args.query }, this.terminal(flags));
  }
}
