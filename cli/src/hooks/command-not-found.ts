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
  const topic = typed.split(' ')[0] ?? '';
  const list = config.topics.some(({ name }) => name === topic) ? `reprise ${topic} --help` : 'reprise --help';
  const fix = meant === undefined ? { fix: `\`${list}\` lists the commands.` } : {};
  throw new RepriseError('REPRISE_USAGE', `\`${typed}\` is not a command of reprise.${hint}`, fix);
};

export default hook;
