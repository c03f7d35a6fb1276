import { RepriseCommand } from '../../base-command.ts';
import { configFlag, formatFlag } from '../../flags.ts';

export default class PluginsList extends RepriseCommand {
  static override rows = { list: 'plugins', id: ['name'] };
  static override summary = 'List the plugins of the project, and how they stand.';
  static override description =
    'Those of the configuration (code), those of reprise.plugins.json (file), and what stands in for kinds that nothing fills (built in). Each is loaded as at a start; one of the file that the configuration has something in the place of is shadowed. Says where a version or an integrity is not what was pinned. Exits with 1 when one is missing or does not load.';
  static override examples = [
    { description: 'All of them', command: '<%= config.bin %> plugins list' },
    { description: 'For programs', command: "<%= config.bin %> plugins list --json | jq '.plugins[].name'" },
  ];
  static override flags = { ...configFlag, ...formatFlag };

  override async run(): Promise<void> {
    const { flags } = await this.parse(PluginsList);
    const { listPlugins } = await import('../../plugins/list-plugins.ts');
    process.exitCode = await listPlugins(flags.config, this.terminal(flags));
  }
}
