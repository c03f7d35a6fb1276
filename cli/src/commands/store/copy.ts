import { Args, Flags } from '@oclif/core';
import { RepriseCommand } from '../../base-command.ts';
import { formatFlag } from '../../flags.ts';

export default class StoreCopy extends RepriseCommand {
  static override rows = { id: ['to'] };
  static override summary = 'Copy all histories from one store to another.';
  static override description =
    'Each of FROM and TO is a configuration file, whose store is meant, or the file of a SQLite store. Every run is copied with its ids, times and revisions, and verified: what was written is folded, and has to come to the same state. A copy that was interrupted is taken up by the same command. Runs that are there already, and the same, are left as they are; one that is another is told, and not touched. Nobody may drive the runs of TO meanwhile, nor those of FROM, unless only ended runs are copied. Exits with 1 when a run could not be copied.';
  static override examples = [
    {
      description: 'From a file to what a project is to use from now on',
      command: '<%= config.bin %> store copy .reprise/reprise.db reprise.config.ts',
    },
    { description: 'What it would be', command: '<%= config.bin %> store copy old.db new.db --dry-run' },
    { description: 'Beside whoever drives them', command: '<%= config.bin %> store copy a.db b.db --ended' },
  ];
  static override args = {
    from: Args.string({ description: 'A configuration file, or the file of a SQLite store.', required: true }),
    to: Args.string({ description: 'The same; a SQLite store is made when it is not there.', required: true }),
  };
  static override flags = {
    ...formatFlag,
    ended: Flags.boolean({ description: 'Only runs that have ended.' }),
    'dry-run': Flags.boolean({ description: 'Only say what would be copied; nothing is written.' }),
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(StoreCopy);
    const { copyCommand } = await import('../../store/copy/copy-command.ts');
    process.exitCode = await copyCommand(args.from, args.to, flags, this.terminal(flags, 'go-on'));
  }
}
