import { Args, Flags } from '@oclif/core';
import { RepriseCommand } from '../../base-command.ts';
import { formatFlag, storeFlags } from '../../flags.ts';

export default class StoreRestore extends RepriseCommand {
  static override rows = { id: ['store'] };
  static override summary = 'Put a backup in the place of the store.';
  static override description =
    'The backup is verified first: every run in it is folded and compared with what is on record, and one that does not hold is not put anywhere. What stood in the place is kept beside it, and named. Refused while a process drives the store. What happened after the backup is not in it: open runs go on from where they were then, and may do again what they did since, under the same idempotency keys. For SQLite stores.';
  static override examples = [
    { description: 'After a question', command: '<%= config.bin %> store restore backup-2026-11-28.db' },
    { description: 'In a script', command: '<%= config.bin %> store restore backup.db --store runs.db --yes' },
  ];
  static override args = { file: Args.string({ description: 'A file that store backup made.', required: true }) };
  static override flags = {
    ...formatFlag,
    ...storeFlags,
    yes: Flags.boolean({ char: 'y', description: 'Do not ask.' }),
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(StoreRestore);
    const { restoreStore } = await import('../../store/upkeep/restore-store.ts');
    process.exitCode = await restoreStore(args.file, flags, this.terminal(flags, 'go-on'));
  }
}
