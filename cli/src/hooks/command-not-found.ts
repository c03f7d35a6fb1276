import type { Hook } from '@oclif/core';

/** Says which command was probably meant. */
const hook: Hook.CommandNotFound = async ({ id, config }) => {
  const [{ nearest, RepriseError }] = await Promise.all([import('@reprise/core')]);
  const typed = id.replaceAll(':', ' ');
  const known = [...config.commandIDs, ...config.topics.map((topic) => topic.name)].map((name) =>
    name.replaceAll(':', ' '),
  );
  const meant = nearest(typed, known) ?? nearest(typed.split(' ').slice(0, 2).join(' '), known);
  const hint = meant === undefined ? '' : ` Did you mean \`reprise ${meant}\`?`;
  throw new RepriseError('REPRISE_USAGE', `\`${typed}\` is not a command of reprise.${hint}`);
};

export default hook;
