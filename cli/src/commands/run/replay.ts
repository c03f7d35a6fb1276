import { Errors, Flags } from '@oclif/core';
import { RepriseCommand } from '../../base-command.ts';
import { formatFlag, runArgument, storeFlags } from '../../flags.ts';

function toNumber(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value > 0) return value;
  throw new Errors.CLIError(`--speed ${text} must be a number above 0: 1 is as fast as it was, 10 ten times that.`);
}

export default class RunReplay extends RepriseCommand {
  static override rows = { id: ['runId'] };
  static override summary = 'Replay a run: draw it as it unfolded, and check it against its record.';
  static override description =
    'Folds the history again. Calls no agent, changes nothing, reads the store only. Ends by saying whether the replayed state equals the recorded one; when it does not, the exit code is 1.';
  static override examples = [
    { description: 'Draw it, and check it', command: '<%= config.bin %> run replay last' },
    { description: 'Ten times as fast as it was', command: '<%= config.bin %> run replay last --speed 10' },
    { description: 'One event at a time', command: '<%= config.bin %> run replay last --step' },
    { description: 'Up to a revision', command: '<%= config.bin %> run replay last --to 120' },
  ];
  static override args = runArgument;
  static override flags = {
    ...formatFlag,
    ...storeFlags,
    to: Flags.integer({ description: 'Last revision to replay.', min: 0, helpValue: 'REVISION' }),
    speed: Flags.custom<number>({
      description: 'Unfold it in time, so many times as fast as it was.',
      helpValue: 'N',
      exclusive: ['step', 'json', 'format'],
      parse: async (text) => toNumber(text),
    })(),
    step: Flags.boolean({
      description: 'Unfold it one event at a time; Enter shows the next.',
      exclusive: ['json', 'format'],
    }),
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(RunReplay);
    const { replayRun } = await import('../../runs/replay-run.ts');
    process.exitCode = await replayRun(args.run, flags, this.terminal(flags));
  }
}
