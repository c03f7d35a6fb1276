import { Args } from '@oclif/core';
import { RepriseCommand } from '../../base-command.ts';
import { configFlag, formatFlag } from '../../flags.ts';

export default class SimReplay extends RepriseCommand {
  static override rows = { id: ['revision'] };
  static override summary = 'Play a run again that `sim run` wrote down, and print its history.';
  static override description =
    'With the workflow, the agents and the invariants as they are now: once the mistake is mended, every invariant holds, and it exits with 0. The same code gives the same history each time.';
  static override examples = [
    { description: 'Once more', command: '<%= config.bin %> sim replay .reprise/simulations/order-17.json' },
    {
      description: 'Its events, for programs',
      command: '<%= config.bin %> sim replay sim.json --json | jq \'select(.kind == "event").type\'',
    },
  ];
  static override args = { file: Args.string({ description: 'The file that `sim run` wrote.', required: true }) };
  static override flags = { ...configFlag, ...formatFlag };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(SimReplay);
    const { replaySimulationFile } = await import('../../sim/replay-simulation.ts');
    process.exitCode = await replaySimulationFile(args.file, flags, this.terminal(flags));
  }
}
