/**
 * Whether `path` names a package below a node_modules folder: forward slashes, no empty segment, no dot segment other than
 * leading `..` (a linked package outside the project has those). A path from a lockfile is checked before it is opened.
 */
export function isPackagePath(path: string): boolean {
  const segments = path.split('/');
  while (segments[0] === '..') segments.shift();
  if (segments.some((segment) => segment === '' || segment === '.' || segment === '..' || segment.includes('\\'))) {
    return false;
  }
  const name = segments.pop();
  let parent = segments.pop();
  if (parent?.startsWith('@') === true) parent = segments.pop();
  return name !== undefined && name !== 'node_modules' && !name.startsWith('@') && parent === 'node_modules';
}
