import { Args } from '@oclif/core';
import { RepriseCommand } from '../../base-command.ts';
import { configFlag, formatFlag } from '../../flags.ts';

export default class WorkflowGraph extends RepriseCommand {
  static override rows = { id: ['workflow'] };
  static override summary = 'Print a workflow as a Mermaid flowchart.';
  static override description = 'Of a workflow by name or file. A run is drawn by `run graph`.';
  static override examples = [
    { description: 'A workflow', command: '<%= config.bin %> workflow graph dossier > dossier.mmd' },
    { description: 'The only one that there is', command: '<%= config.bin %> workflow graph' },
  ];
  static override args = {
    workflow: Args.string({ description: 'Name, name@version, or a file. Not needed where there is only one.' }),
  };
  static override flags = { ...configFlag, ...formatFlag };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(WorkflowGraph);
    const { drawGraph } = await import('../../workflows/draw-graph.ts');
    await drawGraph(args.workflow, flags, this.terminal(flags));
  }
}
