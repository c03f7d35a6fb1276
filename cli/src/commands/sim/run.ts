import { Args, Flags } from '@oclif/core';
import { RepriseCommand } from '../../base-command.ts';
import { configFlag, formatFlag } from '../../flags.ts';

export default class SimRun extends RepriseCommand {
  static override rows = { id: ['file'] };
  static override summary = 'Play a workflow many times under faults, in virtual time.';
  static override description =
    'Agents fail and are slow, messages are late, lost and doubled, the store is away, processes are killed: by chance, from seeds. After each run it is looked at whether it ended, whether an at-most-once task was done twice, whether a replay of its history comes to the same state, and whether your own invariants hold. The first run that breaks one is made as small as it can be, and written to a file. Days pass in milliseconds; nothing is stored, and no agent is called, unless you say so: what they give is made from their output schemas.';
  static override examples = [
    { description: 'A hundred runs, of the only workflow', command: '<%= config.bin %> sim run' },
    {
      description: 'Many, with an invariant of your own',
      command: '<%= config.bin %> sim run order --runs 2000 --invariant test/order.invariants.ts',
    },
    {
      description: 'Only killed processes, with what agents give said by a module',
      command: '<%= config.bin %> sim run order --faults crash --agents test/order.agents.ts',
    },
    {
      description: 'With agents that hang, and people who do not answer: are there time limits?',
      command: '<%= config.bin %> sim run order --faults all --timeout 30d',
    },
    { description: 'In CI', command: '<%= config.bin %> sim run order --seed $BUILD_NUMBER --out sim.json --json' },
  ];
  static override args = {
    workflow: Args.string({
      description: 'Name of the workflow, name@version, or a file. Not needed where there is only one.',
    }),
  };
  static override flags = {
    ...configFlag,
    ...formatFlag,
    runs: Flags.integer({ char: 'n', description: 'How many.', default: 100, min: 1, max: 1_000_000 }),
    seed: Flags.integer({ description: 'Of the first run; each has the next.', default: 1, min: 0, helpValue: 'N' }),
    faults: Flags.string({
      description:
        'What may go wrong: fail, slow, hang, drop, delay, duplicate, reorder, unavailable, unknown, crash, silence; all, none. Default: all but hang and silence',
      helpValue: 'KIND,…',
      multiple: true,
      multipleNonGreedy: true,
    }),
    invariant: Flags.string({
      description:
        'A module that exports functions. Each is handed a run, and throws, or gives false or a text, when it does not hold. May be given several times.',
      helpValue: 'FILE',
      multiple: true,
      multipleNonGreedy: true,
    }),
    agents: Flags.string({
      description:
        'What plays the agents. `schema`: what their output schemas let through; `project`: their own functions, which may do anything; or a module that exports scripts as `agents`.',
      helpValue: 'schema|project|FILE',
      default: 'schema',
    }),
    input: Flags.string({
      char: 'i',
      description: 'Input of every run, as for `run start`. Default: made from the input schema, another one each time',
      helpValue: 'JSON|KEY=VALUE',
      exclusive: ['input-file'],
      multiple: true,
      multipleNonGreedy: true,
    }),
    'input-file': Flags.string({
      char: 'F',
      description: 'File with the input, as JSON. `-` is stdin.',
      helpValue: 'FILE',
    }),
    timeout: Flags.string({
      description: 'Virtual time after which a run that has not ended is stuck.',
      helpValue: 'DURATION',
      default: '7d',
    }),
    out: Flags.string({
      char: 'o',
      description: 'Where a run that breaks an invariant is written. Default: .reprise/simulations/WORKFLOW-SEED.json',
      helpValue: 'FILE',
    }),
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(SimRun);
    const { runSimulation } = await import('../../sim/run-simulation.ts');
    process.exitCode = await runSimulation(args.workflow, flags, this.terminal(flags, 'go-on'));
  }
}
