import { Flags } from '@oclif/core';
import { RepriseCommand } from '../base-command.ts';

export default class Init extends RepriseCommand {
  static override summary = 'Add Reprise to the project in this folder.';
  static override description =
    'Writes what the project lacks: a configuration with a workflow, an agent and a test, and a .gitignore with the store. Files that are there stay as they are. What would have to change in them (dependencies in package.json, a line in .gitignore) is said, and changed with --yes only. In a package that is not of type module, modules end in .mts.';
  static override examples = [
    { description: 'See what it would change', command: '<%= config.bin %> init' },
    { description: 'All of it, installed', command: '<%= config.bin %> init --yes --install' },
  ];
  static override flags = {
    yes: Flags.boolean({ char: 'y', description: 'Change package.json and .gitignore, too.' }),
    install: Flags.boolean({ description: 'Run npm install afterwards.', dependsOn: ['yes'] }),
  };

  override async run(): Promise<void> {
    const { flags } = await this.parse(Init);
    const { initProject } = await import('../projects/init-project.ts');
    await initProject(flags, this.terminal(flags.json, 'go-on'));
  }
}
