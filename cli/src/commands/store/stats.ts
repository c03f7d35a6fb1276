import { RepriseCommand } from '../../base-command.ts';
import { formatFlag, storeFlags } from '../../flags.ts';

export default class StoreStats extends RepriseCommand {
  static override rows = { id: ['store'] };
  static override summary = 'What the store holds: runs, events, size.';
  static override description =
    'Reads the store only, and works while another process drives. Runs are counted by their status, as they are listed.';
  static override examples = [
    { description: 'This one', command: '<%= config.bin %> store stats' },
    { description: 'For programs', command: '<%= config.bin %> store stats --json | jq .bytes' },
  ];
  static override flags = { ...storeFlags, ...formatFlag };

  override async run(): Promise<void> {
    const { flags } = await this.parse(StoreStats);
    const { storeStats } = await import('../../store/upkeep/store-stats.ts');
    await storeStats(flags, this.terminal(flags));
  }
}
