import { Flags } from '@oclif/core';
import { RepriseCommand } from '../base-command.ts';
import { formatFlag, storeFlags } from '../flags.ts';

export default class Doctor extends RepriseCommand {
  static override rows = { list: 'checks', id: ['name'] };
  static override summary = 'Check everything that a start needs.';
  static override description =
    'Node, the configuration and what it names, whether the parts fit together, whether the store opens and who drives it, its open runs, and runs that are held because their workflow is gone. Every line is ok, warn or fail, with what to do. Exits with 1 when a line is fail.';
  static override examples = [
    { description: 'Check', command: '<%= config.bin %> doctor' },
    { description: 'Read every event of the store, too', command: '<%= config.bin %> doctor --deep' },
  ];
  static override flags = {
    ...formatFlag,
    ...storeFlags,
    deep: Flags.boolean({ description: 'Read every event of the store: each must be readable, without gaps.' }),
  };

  override async run(): Promise<void> {
    const { flags } = await this.parse(Doctor);
    const { runDoctor } = await import('../doctor/run-doctor.ts');
    process.exitCode = await runDoctor(flags, this.terminal(flags));
  }
}
