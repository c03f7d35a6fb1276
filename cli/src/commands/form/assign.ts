import { Flags } from '@oclif/core';
import { RepriseCommand } from '../../base-command.ts';
import { answerFlags, formArguments, formatFlag, storeFlags } from '../../flags.ts';

export default class FormAssign extends RepriseCommand {
  static override rows = { id: ['runId', 'taskId'] };
  static override summary = 'Give an open form to somebody else.';
  static override description = 'Its time limit stays as it is, and so does who it goes to when nobody answers.';
  static override examples = [
    { description: 'Lee is to answer', command: '<%= config.bin %> form assign last approved --to lee --by kim' },
  ];
  static override args = { ...formArguments };
  static override flags = {
    ...formatFlag,
    ...storeFlags,
    to: Flags.string({ description: 'Who is to answer.', helpValue: 'NAME', required: true }),
    ...answerFlags,
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(FormAssign);
    const { assignForm } = await import('../../forms/answer-form.ts');
    await assignForm(args.run, args.task, flags, this.terminal(flags));
  }
}
