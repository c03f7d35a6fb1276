import { Args } from '@oclif/core';
import { RepriseCommand } from '../base-command.ts';
import { configFlag } from '../flags.ts';

export default class Generate extends RepriseCommand {
  static override summary = 'Add a workflow, an agent, a strategy, a plugin, a test or a projection to a project.';
  static override description =
    'Writes one typed module that works as it is, and says where it is and how it is picked up. Workflows and agents go to the folder that the configuration names, where they are found by themselves. Never overwrites a file, and changes none.';
  static override examples = [
    { description: 'A workflow', command: '<%= config.bin %> generate workflow nightly-report' },
    { description: 'A test of a workflow that is there', command: '<%= config.bin %> generate test nightly-report' },
  ];
  static override args = {
    kind: Args.string({
      description: 'workflow, agent, strategy, plugin (a monitor), test or projection.',
      required: true,
    }),
    name: Args.string({ description: 'Its name, in kebab-case; of a test, that of its workflow.', required: true }),
  };
  static override flags = configFlag;

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Generate);
    const { generate } = await import('../projects/generate.ts');
    await generate(args.kind, args.name, flags, this.terminal(flags.json, 'go-on'));
  }
}
