import type { TopicChange } from '@reprise/core';
import { EXIT } from '../errors/exit-codes.ts';
import type { Terminal } from '../output/terminal.ts';
import { plain } from '../output/text.ts';
import { differencesText, shapeOf, stateOf } from './show-topics.ts';
import { type TopicFlags, withTopics } from './with-topics.ts';

export interface ApplyFlags extends TopicFlags {
  readonly 'change-configs'?: boolean;
}

/** Makes what is missing, and says what is left as it is. Returns the exit code. */
export async function applyTopics(flags: ApplyFlags, { out, err, json }: Terminal): Promise<number> {
  return withTopics(flags, async (topics, transport) => {
    const changes = await topics.apply({ configs: flags['change-configs'] === true });
    const left = (await topics.look()).filter((one) => stateOf(one) !== 'same');
    if (json) {
      await out.json({ transport, changes: changes.map(changeShape), left: left.map(shapeOf) });
      return EXIT.ok;
    }
    for (const { topic, did, configs = [] } of changes)
      await out.line(plain(did === 'made' ? `${topic}: made` : `${topic}: changed ${configs.join(', ')}`));
    if (changes.length === 0) await err.line('There was nothing to do.');
    for (const { topic, differences } of left)
      await err.line(err.style('yellow', plain(`${topic} is left as it is: ${differencesText(differences)}`)));
    return EXIT.ok;
  });
}

const changeShape = ({ topic, did, configs = [] }: TopicChange): object => ({ topic, did, configs });
