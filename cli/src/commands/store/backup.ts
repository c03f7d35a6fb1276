import { Args } from '@oclif/core';
import { RepriseCommand } from '../../base-command.ts';
import { formatFlag, storeFlags } from '../../flags.ts';

export default class StoreBackup extends RepriseCommand {
  static override rows = { id: ['file'] };
  static override summary = 'Copy the store, as of one moment, to a file, and verify that.';
  static override description =
    'Works while a process drives and writes: the copy is as of one moment, and in the file whole before it has its name. Then every run in it is folded and compared with what is on record; one that does not hold is told, and the exit code is 1. A file that is there is left as it is. For stores that can do it: SQLite.';
  static override examples = [
    { description: 'Every night', command: '<%= config.bin %> store backup "backup-$(date +%F).db"' },
    { description: 'And back', command: '<%= config.bin %> store restore backup-2026-11-28.db' },
  ];
  static override args = { file: Args.string({ description: 'The file to make.', required: true }) };
  static override flags = { ...storeFlags, ...formatFlag };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(StoreBackup);
    const { backupStore } = await import('../../store/upkeep/backup-store.ts');
    process.exitCode = await backupStore(args.file, flags, this.terminal(flags, 'go-on'));
  }
}
