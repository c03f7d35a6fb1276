import { Args, Flags } from '@oclif/core';
import { RepriseCommand } from '../../base-command.ts';
import { configFlag } from '../../flags.ts';

export default class PluginsRemove extends RepriseCommand {
  static override summary = 'Take an installed plugin out of the project.';
  static override description =
    'Takes it out of reprise.plugins.json, and its package out of the project, unless the configuration speaks of it. Neither the plugin nor the configuration is run. What the configuration names itself is taken out there, by hand.';
  static override examples = [
    { description: 'Take one out', command: '<%= config.bin %> plugins remove @acme/reprise-monitor-slack' },
  ];
  static override args = {
    name: Args.string({ description: 'The name of its package, as in reprise.plugins.json.', required: true }),
  };
  static override flags = {
    ...configFlag,
    'no-package': Flags.boolean({ description: 'Only take the entry out: the package stays.' }),
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(PluginsRemove);
    const { removePlugin } = await import('../../plugins/remove-plugin.ts');
    process.exitCode = await removePlugin(args.name, flags, this.terminal(flags.json, 'go-on'));
  }
}
