import { Flags } from '@oclif/core';
import { RepriseCommand } from '../../base-command.ts';
import { answerFlags, formatFlag, storeFlags, taskArguments } from '../../flags.ts';

export default class RunRestart extends RepriseCommand {
  static override rows = { id: ['runId'] };
  static override summary = 'Do a task of an open run again, and all that comes after it.';
  static override description =
    'Whether they have ended or not, with new idempotency keys. What they did before can still be undone; what agents of theirs added is forgotten. Refused when a child run, or an attempt that can be undone, has to be waited for first. Of a run that has ended: run retry, run fork, run rerun. Works while another process drives; when none does, the run goes on at the next start (worker start).';
  static override examples = [
    { description: 'The draft is to be written anew', command: '<%= config.bin %> run restart last draft --by kim' },
    {
      description: 'Also what may be done at most once, after a look outside',
      command: '<%= config.bin %> run restart order-7 pay --again pay --reason "the payment never arrived"',
    },
  ];
  static override args = taskArguments;
  static override flags = {
    ...formatFlag,
    ...storeFlags,
    again: Flags.string({
      description: 'An at-most-once task that may be done again, after a look outside. May be given several times.',
      helpValue: 'TASK',
      multiple: true,
      multipleNonGreedy: true,
    }),
    ...answerFlags,
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(RunRestart);
    const { restartTask } = await import('../../runs/change-task.ts');
    await restartTask(args.run, args.task, flags, this.terminal(flags, 'go-on'));
  }
}
