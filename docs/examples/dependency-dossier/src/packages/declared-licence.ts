import { isRecord, type Manifest, shortText } from './manifest.ts';

export interface DeclaredLicence {
  readonly licence: string;
  readonly from?: 'legacy';
}

const MAX_LICENCE_CHARS = 100;

const nameOf = (value: unknown): string | undefined =>
  shortText(isRecord(value) ? (value.type ?? value.name ?? value.license) : value, MAX_LICENCE_CHARS);

/**
 * The licence that a manifest declares: `license` as text, or in its old forms: an object with a `type`, an array, or
 * `licenses`. Several of them are a choice for the user, so they are joined with OR. Undefined when nothing is usable.
 */
export function declaredLicence(manifest: Manifest): DeclaredLicence | undefined {
  const { license, licenses } = manifest;
  if (typeof license === 'string') {
    const licence = shortText(license, MAX_LICENCE_CHARS);
    if (licence !== undefined) return { licence };
  }
  for (const value of [license, manifest.licence, licenses]) {
    const names = (Array.isArray(value) ? value : [value]).map(nameOf).filter((name) => name !== undefined);
    const distinct = [...new Set(names)];
    if (distinct.length === 1 && distinct[0] !== undefined) return { licence: distinct[0], from: 'legacy' };
    if (distinct.length > 1) {
      const licence = `(${distinct.join(' OR ')})`;
      // Cut, the choice would read as another licence; as a text that nobody understands it is sent to review.
      return {
        licence: licence.length > MAX_LICENCE_CHARS ? `several: ${licence.slice(0, 80)}…` : licence,
        from: 'legacy',
      };
    }
  }
  return undefined;
}
