import { RepriseCommand } from '../../base-command.ts';
import { formArguments, formatFlag, storeFlags } from '../../flags.ts';

export default class FormShow extends RepriseCommand {
  static override rows = { id: ['runId', 'taskId'] };
  static override summary = 'Show an open form.';
  static override description = 'What is asked, of whom, about what, and the JSON Schema that an answer has to fit.';
  static override examples = [
    { description: 'What is asked', command: '<%= config.bin %> form show last approved' },
    { description: 'The schema alone', command: '<%= config.bin %> form show last approved --json | jq .schema' },
  ];
  static override args = { ...formArguments };
  static override flags = { ...formatFlag, ...storeFlags };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(FormShow);
    const { showForm } = await import('../../forms/show-form.ts');
    await showForm(args.run, args.task, flags, this.terminal(flags));
  }
}
