import { Args } from '@oclif/core';
import { RepriseCommand } from '../../base-command.ts';
import { configFlag, formatFlag } from '../../flags.ts';

export default class PluginsInspect extends RepriseCommand {
  static override rows = { id: ['name'] };
  static override summary = 'Show what a plugin says of itself, and its options.';
  static override description =
    'Of a package that the project or the command line has, or else of one that could be installed (a name, a tarball or a folder, which is packed and looked at). Nothing of it is run.';
  static override examples = [
    { description: 'One that is there', command: '<%= config.bin %> plugins inspect @reprise/monitor-log' },
    { description: 'One before it is installed', command: '<%= config.bin %> plugins inspect ./monitor-1.0.0.tgz' },
  ];
  static override args = {
    name: Args.string({ description: 'The name of a package, a tarball, or a folder.', required: true }),
  };
  static override flags = { ...configFlag, ...formatFlag };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(PluginsInspect);
    const { inspectPlugin } = await import('../../plugins/inspect-plugin.ts');
    process.exitCode = await inspectPlugin(args.name, flags.config, this.terminal(flags));
  }
}
