import type { Project } from '../config/load-project.ts';
import { PLUGIN_FILE } from '../config/plugin-file-name.ts';
import { stateOf } from '../plugins/plugin-state.ts';
import { type Check, ok, warn } from './check.ts';

/** Which plugins are taken, and those of reprise.plugins.json that are not, or are not what was pinned. One that is missing stops the loading. */
export async function checkPlugins({ standings }: Project): Promise<readonly Check[]> {
  const names = standings.flatMap(({ plugin, shadowedBy, source, use = '' }) => {
    if (shadowedBy !== undefined) return [];
    const file = source === 'file' ? ', file' : '';
    return [plugin === undefined ? `${use} (commands${file})` : `${plugin.name} (${plugin.kind}${file})`];
  });
  const checks = [ok('plugins', names.length === 0 ? 'none beside the built-in ones' : names.join(', '))];
  for (const standing of standings) {
    const { use = '' } = standing;
    const { state, reason, differs } = await stateOf(standing);
    if (state === 'shadowed')
      checks.push(
        warn(
          'plugins',
          `${use} is shadowed: ${reason}`,
          `Take one of them out: the one of ${PLUGIN_FILE} by reprise plugins remove ${use}`,
        ),
      );
    if (differs !== undefined)
      checks.push(
        warn(
          'plugins',
          `${use} is not what was pinned: ${differs}`,
          `Install what was pinned, or pin what is there: reprise plugins install`,
        ),
      );
  }
  return checks;
}
