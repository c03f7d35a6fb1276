import { Flags } from '@oclif/core';
import { RepriseCommand } from '../../base-command.ts';
import { formatFlag, storeFlags } from '../../flags.ts';

export default class FormList extends RepriseCommand {
  static override rows = { list: 'forms', id: ['runId', 'taskId'] };
  static override summary = 'List the forms that wait for an answer.';
  static override description =
    'What is asked, of whom, since when and until when, of all runs of the store; the run that has waited longest comes first. Read from a view, so no run is loaded.';
  static override examples = [
    { description: 'Everything that somebody has to answer', command: '<%= config.bin %> form list' },
    { description: 'What Kim has to', command: '<%= config.bin %> form list --assignee kim' },
    {
      description: 'For scripts',
      command: "<%= config.bin %> form list --json | jq -r '.forms[] | [.runId, .taskId] | @tsv'",
    },
  ];
  static override flags = {
    ...formatFlag,
    ...storeFlags,
    assignee: Flags.string({ char: 'a', description: 'Only forms that are for this one.', helpValue: 'NAME' }),
    limit: Flags.integer({ char: 'n', description: 'Forms at most.', default: 50, min: 1, max: 10_000 }),
  };

  override async run(): Promise<void> {
    const { flags } = await this.parse(FormList);
    const { listForms } = await import('../../forms/list-forms.ts');
    await listForms(flags, this.terminal(flags));
  }
}
