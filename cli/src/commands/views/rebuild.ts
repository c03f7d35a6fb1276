import { Args } from '@oclif/core';
import { RepriseCommand } from '../../base-command.ts';
import { formatFlag, storeFlags } from '../../flags.ts';

export default class ViewsRebuild extends RepriseCommand {
  static override aliases = ['projection:rebuild'];
  static override rows = { id: ['view'] };
  static override summary = 'Build a view anew, from the first event on.';
  static override description =
    'Of use after a view left out events that an older version could not read. A new version of a projection is built anew by itself.';
  static override examples = [{ description: 'The run index', command: '<%= config.bin %> views rebuild runs' }];
  static override args = { view: Args.string({ description: 'Name of the view.', required: true }) };
  static override flags = { ...storeFlags, ...formatFlag };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(ViewsRebuild);
    const { rebuildView } = await import('../../views/show-view.ts');
    await rebuildView(args.view, flags, this.terminal(flags, 'go-on'));
  }
}
