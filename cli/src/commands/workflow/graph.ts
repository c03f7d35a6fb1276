import { Args, Flags } from '@oclif/core';
import { RepriseCommand } from '../../base-command.ts';
import { storeFlags } from '../../flags.ts';

export default class WorkflowGraph extends RepriseCommand {
  static override summary = 'Print a workflow as a Mermaid flowchart.';
  static override description =
    'Of a workflow by name or file, or, with --run, of the definition that a run started with, coloured by the states of its tasks.';
  static override examples = [
    { description: 'A workflow', command: '<%= config.bin %> workflow graph dossier > dossier.mmd' },
    { description: 'The only one that there is', command: '<%= config.bin %> workflow graph' },
    { description: 'A run', command: '<%= config.bin %> workflow graph --run last' },
  ];
  static override args = {
    workflow: Args.string({
      description: 'Name, name@version, or a file. Not needed with --run, or where there is only one.',
    }),
  };
  static override flags = {
    ...storeFlags,
    run: Flags.string({ description: 'Draw this run. Id, unique beginning of it, or `last`.', helpValue: 'RUN' }),
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(WorkflowGraph);
    const { drawGraph } = await import('../../workflows/draw-graph.ts');
    await drawGraph(args.workflow, flags, this.terminal(flags.json));
  }
}
