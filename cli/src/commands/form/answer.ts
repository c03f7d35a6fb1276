import { Flags } from '@oclif/core';
import { RepriseCommand } from '../../base-command.ts';
import { answerFlags, formArguments, formatFlag, storeFlags } from '../../flags.ts';

export default class FormAnswer extends RepriseCommand {
  static override aliases = ['run:answer'];
  static override rows = { id: ['runId', 'taskId'] };
  static override summary = 'Answer a form.';
  static override description =
    'The answer is the output of the task. One that does not fit the form is refused with all that is wrong, and the form stays open. Works while another process drives; when none does, the run goes on at the next start (worker start).';
  static override examples = [
    {
      description: 'Approve what waits for it',
      command: `<%= config.bin %> form answer last approved --answer '{"decision":"approve"}' --by kim`,
    },
    {
      description: 'From a file or a pipe',
      command: 'cat answer.json | <%= config.bin %> form answer order-7 approved --answer -',
    },
    {
      description: 'An item of a list',
      command: `<%= config.bin %> form answer order-7 'reviews[2]' --answer '{"ok":true}'`,
    },
  ];
  static override args = { ...formArguments };
  static override flags = {
    ...formatFlag,
    ...storeFlags,
    answer: Flags.string({
      description: 'The answer, as JSON. `-` is stdin.',
      helpValue: 'JSON',
      required: true,
    }),
    ...answerFlags,
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(FormAnswer);
    const { answerForm } = await import('../../forms/answer-form.ts');
    await answerForm(args.run, args.task, flags, this.terminal(flags, 'go-on'));
  }
}
