import { Args } from '@oclif/core';
import { RepriseCommand } from '../../base-command.ts';
import { configFlag, formatFlag } from '../../flags.ts';

export default class WorkflowValidate extends RepriseCommand {
  static override rows = { list: 'workflows', id: ['name'] };
  static override summary = 'Check workflows, and say where every problem is.';
  static override description =
    'Takes names of the configuration, or files (YAML, JSON, or modules); without any, checks all that the configuration names. Files need no configuration; with one, it is also checked that their agents exist.';
  static override examples = [
    { description: 'All of them', command: '<%= config.bin %> workflow validate' },
    { description: 'One file', command: '<%= config.bin %> workflow validate workflows/nightly.yaml' },
  ];
  /** Any number of names and files. */
  static override strict = false;
  static override usage = 'workflow validate [WORKFLOW...] [--config FILE]';
  static override args = {
    workflow: Args.string({ description: 'Names or files.' }),
  };
  static override flags = { ...configFlag, ...formatFlag };

  override async run(): Promise<void> {
    const { argv, flags } = await this.parse(WorkflowValidate);
    const { validateWorkflows } = await import('../../workflows/validate-workflows.ts');
    process.exitCode = await validateWorkflows(argv.map(String), flags, this.terminal(flags));
  }
}
