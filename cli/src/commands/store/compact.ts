import { RepriseCommand } from '../../base-command.ts';
import { formatFlag, storeFlags } from '../../flags.ts';

export default class StoreCompact extends RepriseCommand {
  static override rows = { id: ['store'] };
  static override summary = 'Give back the room that nothing in the store takes any more.';
  static override description =
    'No event is touched. It takes as much room again while it goes on. Refused while a process drives the store: its appends would wait. For stores that can do it: SQLite.';
  static override examples = [{ description: 'This one', command: '<%= config.bin %> store compact' }];
  static override flags = { ...storeFlags, ...formatFlag };

  override async run(): Promise<void> {
    const { flags } = await this.parse(StoreCompact);
    const { compactStore } = await import('../../store/upkeep/compact-store.ts');
    await compactStore(flags, this.terminal(flags, 'go-on'));
  }
}
