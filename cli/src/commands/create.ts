import { Args, Flags } from '@oclif/core';
import { RepriseCommand } from '../base-command.ts';

export default class Create extends RepriseCommand {
  static override summary = 'Make a new project.';
  static override description =
    'Makes a folder of that name in the current one, with a package, a configuration, code and tests that pass. Asks nothing, needs no network, and installs nothing without --install. Nothing that is there is overwritten.';
  static override examples = [
    { description: 'A workflow of two tasks', command: '<%= config.bin %> create my-project' },
    {
      description: 'One that waits for a person',
      command: '<%= config.bin %> create my-approvals --template approval',
    },
    {
      description: 'A team that a manager leads',
      command: '<%= config.bin %> create my-team --template team',
    },
    {
      description: 'A plugin, to be published',
      command: '<%= config.bin %> create reprise-monitor-mine --template plugin',
    },
  ];
  static override args = {
    name: Args.string({ description: "Name of the project's folder and package.", required: true }),
  };
  static override flags = {
    template: Flags.string({
      char: 't',
      description:
        'What it is made from: hello (a workflow of two tasks), approval (one that waits for a decision), team (a manager and its workers), distributed (one process, or many over Kafka and EventStoreDB), or plugin.',
      default: 'hello',
      helpValue: 'hello|approval|team|distributed|plugin',
    }),
    install: Flags.boolean({ description: 'Run npm install in it.' }),
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Create);
    const { createProject } = await import('../projects/create-project.ts');
    await createProject(args.name, flags, this.terminal(flags.json, 'go-on'));
  }
}
