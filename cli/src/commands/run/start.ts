import { Args, Flags } from '@oclif/core';
import { RepriseCommand } from '../../base-command.ts';
import { formatFlag, storeFlags, whoFlags } from '../../flags.ts';

export default class RunStart extends RepriseCommand {
  static override rows = { id: ['runId'] };
  static override summary = 'Start a run of a workflow.';
  static override description =
    'Without --wait or --follow, the run is put on record and its id printed; whichever process drives the store carries it out. With them, this process drives the runs of the store (all open ones) until the run has ended. Ctrl-C then drains: attempts under way are waited for; a second Ctrl-C stops at once. An open run goes on at the next start.';
  static override examples = [
    { description: 'Start, and watch it to its end', command: '<%= config.bin %> run start dossier --follow' },
    {
      description: 'With an input',
      command: '<%= config.bin %> run start dossier --input \'{"folder":"../app"}\' --wait',
    },
    {
      description: 'The same, by its members',
      command: '<%= config.bin %> run start dossier --input folder=../app --input depth=3 --wait',
    },
    {
      description: 'From a file or a pipe, as JSON',
      command: "echo '{}' | <%= config.bin %> run start dossier --input-file - --follow --json",
    },
    {
      description: 'One task after another',
      command: '<%= config.bin %> run start dossier --strategy sequential',
    },
    {
      description: 'One version of a workflow, under an id of your own',
      command: '<%= config.bin %> run start dossier@2 --id nightly-7',
    },
    {
      description: 'From a job that may be run twice: the second time, the run that there is',
      command: '<%= config.bin %> run start dossier --id nightly-7 --on-conflict existing --wait',
    },
  ];
  static override args = {
    workflow: Args.string({
      description: 'Name of the workflow, or name@version. Not needed where there is only one.',
    }),
  };
  static override flags = {
    ...formatFlag,
    ...storeFlags,
    input: Flags.string({
      char: 'i',
      description:
        'Input of the run: JSON, or one member of it, KEY=VALUE (a.b=5 is a path, what is JSON is that, anything else is text); may be given several times. `-` is stdin. Default: {}',
      helpValue: 'JSON|KEY=VALUE',
      exclusive: ['input-file'],
      multiple: true,
      multipleNonGreedy: true,
    }),
    'input-file': Flags.string({
      char: 'F',
      description: 'File with the input, as JSON. `-` is stdin.',
      helpValue: 'FILE',
    }),
    id: Flags.string({
      description:
        'Id of the run. Default: a new one. Starting an id twice is refused, unless --on-conflict says else.',
      helpValue: 'ID',
    }),
    'on-conflict': Flags.option({
      description:
        'When there is a run of that id: reject (the default), existing: take that run, if it is of this workflow, or new: start one beside it, as ID-2, ID-3 and so on.',
      options: ['reject', 'existing', 'new'] as const,
      dependsOn: ['id'],
    })(),
    tenant: Flags.string({
      description: 'On whose behalf the run is. Stands beside each of its events.',
      helpValue: 'NAME',
    }),
    label: Flags.string({
      char: 'l',
      description: 'What the run, and those that it starts, can be found by. May be given several times.',
      helpValue: 'KEY=VALUE',
      multiple: true,
      multipleNonGreedy: true,
    }),
    strategy: Flags.string({
      description:
        'Strategy of this run, or of a block of it, instead of that of the workflow; of one that leads a team, a JSON file with { "name": … }. May be given several times.',
      helpValue: '[BLOCK=]NAME|@FILE',
      multiple: true,
      multipleNonGreedy: true,
    }),
    budget: Flags.string({
      description:
        'What the run may spend at most, such as attempts=100; the workflow may say less. May be given several times.',
      helpValue: 'KIND=N',
      multiple: true,
      multipleNonGreedy: true,
    }),
    ...whoFlags,
    wait: Flags.boolean({ char: 'w', description: 'Drive the run here, and wait for its end.', exclusive: ['follow'] }),
    follow: Flags.boolean({ char: 'f', description: 'Drive the run here, and show it while it goes on.' }),
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(RunStart);
    const { startRun } = await import('../../runs/start-run.ts');
    process.exitCode = await startRun(args.workflow, flags, this.terminal(flags, 'go-on'));
  }
}
