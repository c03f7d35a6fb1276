import { RepriseCommand } from '../../base-command.ts';
import { configFlag, formatFlag } from '../../flags.ts';

export default class WorkflowList extends RepriseCommand {
  static override rows = { list: 'workflows', id: ['name'] };
  static override summary = 'List the workflows that the configuration names.';
  static override description = '';
  static override examples = [{ description: 'All of them', command: '<%= config.bin %> workflow list' }];
  static override flags = { ...configFlag, ...formatFlag };

  override async run(): Promise<void> {
    const { flags } = await this.parse(WorkflowList);
    const { listWorkflows } = await import('../../workflows/list-workflows.ts');
    await listWorkflows(flags, this.terminal(flags));
  }
}
