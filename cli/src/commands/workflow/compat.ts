import { Args, Flags } from '@oclif/core';
import { RepriseCommand } from '../../base-command.ts';
import { formatFlag, storeFlags } from '../../flags.ts';

export default class WorkflowCompat extends RepriseCommand {
  static override rows = { list: 'runs', id: ['runId'] };
  static override summary = 'Say which open runs can go on with a workflow that was changed.';
  static override description =
    'Compares what each open run of the workflow was started with, and what it has done since, with the workflow as it is now: what a process that is started with it will do. A run goes on as it was recorded; of a workflow of the same name and version it takes up other functions, which are told apart by place and digest, and nothing else; without the functions that it needs it is held. A file stands for the workflow of its name and version, beside the others of the configuration. Reads the store only. The exit code is 1 when a run would be held.';
  static override examples = [
    { description: 'Before a deployment', command: '<%= config.bin %> workflow compat dossier' },
    {
      description: 'A file, and one run',
      command: '<%= config.bin %> workflow compat workflows/nightly.yaml --run last',
    },
    {
      description: 'What would be held',
      command: `<%= config.bin %> workflow compat dossier --json | jq -r '.runs[] | select(.next == "held") | .runId'`,
    },
  ];
  static override args = {
    workflow: Args.string({ description: 'Name, name@version, or a file. Not needed where there is only one.' }),
  };
  static override flags = {
    ...formatFlag,
    ...storeFlags,
    run: Flags.string({
      description: 'Only this run. Id, unique beginning of it, or `last`.',
      helpValue: 'RUN',
      exclusive: ['query'],
    }),
    query: Flags.string({
      char: 'q',
      description: 'Only open runs that fit: see docs/reference/queries.md.',
      helpValue: 'QUERY',
    }),
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(WorkflowCompat);
    const { checkCompat } = await import('../../workflows/check-compat.ts');
    process.exitCode = await checkCompat(args.workflow, flags, this.terminal(flags));
  }
}
