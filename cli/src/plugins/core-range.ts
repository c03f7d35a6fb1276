/** Why a version of @reprise/core is not in a range, as warnings; undefined when it is, and when the range is not of the simple kind that is read here. */
export function coreProblem(range: string | undefined, core: string): readonly string[] | undefined {
  if (range === undefined) return undefined;
  const alternatives = range.split('||').map((part) => part.trim().split(/\s+/).map(comparatorOf));
  if (alternatives.flat().includes(undefined)) return undefined;
  const fits = alternatives.some((all) => all.every((comparator) => comparator?.(core) === true));
  return fits ? undefined : [`it is made for @reprise/core ${range}, and this is ${core}`];
}

type Version = readonly [number, number, number];

function comparatorOf(text: string): ((version: string) => boolean) | undefined {
  if (text === '*') return () => true;
  const [, sign = '=', ...parts] = /^(>=|<=|>|<|=|\^|~)?v?(\d+)\.(\d+)\.(\d+)$/.exec(text) ?? [];
  if (parts.length !== 3) return undefined;
  const [major, minor, patch] = parts.map(Number) as [number, number, number];
  const wanted: Version = [major, minor, patch];
  return (version) => {
    const order = compare(versionOf(version), wanted);
    switch (sign) {
      case '>=':
        return order >= 0;
      case '<=':
        return order <= 0;
      case '>':
        return order > 0;
      case '<':
        return order < 0;
      case '^': {
        const next: Version = major > 0 ? [major + 1, 0, 0] : minor > 0 ? [0, minor + 1, 0] : [0, 0, patch + 1];
        return order >= 0 && compare(versionOf(version), next) < 0;
      }
      case '~':
        return order >= 0 && compare(versionOf(version), [major, minor + 1, 0]) < 0;
      default:
        return order === 0;
    }
  };
}

const versionOf = (text: string): Version => {
  const [major = 0, minor = 0, patch = 0] = text.split(/[-+]/, 1)[0]?.split('.').map(Number) ?? [];
  return [major, minor, patch];
};

const compare = (one: Version, other: Version): number => one[0] - other[0] || one[1] - other[1] || one[2] - other[2];
