import { Args, Flags } from '@oclif/core';
import { RepriseCommand } from '../base-command.ts';
import { formatFlag, storeFlags } from '../flags.ts';

export default class Verify extends RepriseCommand {
  static override rows = { id: ['store'] };
  static override summary = 'Check that what is kept is what happened: histories, lists and views.';
  static override description =
    'Reads every event, which checks the checksums and their chain where the store has them; folds each run, and compares its state with the digest on record, and the list of runs with the histories; folds each view anew, up to where it was built, and compares its rows. Changes nothing, and works while another process drives. Exits with 1 when anything differs, and says what.';
  static override examples = [
    { description: 'Everything', command: '<%= config.bin %> verify' },
    { description: 'Some runs, and no view', command: "<%= config.bin %> verify 'workflow:order ended>=-24h'" },
    { description: 'A backup', command: '<%= config.bin %> verify --store backup.db' },
    { description: 'In a script', command: '<%= config.bin %> verify --json | jq .runs.differences' },
  ];
  static override args = {
    query: Args.string({ description: 'Only runs that fit, and no view: see docs/reference/queries.md.' }),
  };
  static override flags = {
    ...formatFlag,
    ...storeFlags,
    'skip-views': Flags.boolean({ description: 'Only histories and the list of runs.' }),
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Verify);
    const { verify } = await import('../verify/verify-command.ts');
    process.exitCode = await verify({ ...flags, query: args.query }, this.terminal(flags));
  }
}
