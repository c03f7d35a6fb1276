import { z } from 'zod';
import {
  auditSchema,
  type Edition,
  inspectionSchema,
  inventorySchema,
  legalReviewSchema,
  licenceClassSchema,
  type PackageRecord,
  riskSchema,
} from '../records.ts';

/** Everything that a dossier is made of. `summaries` are in the order of `packages`. */
export const materialSchema = z
  .object({
    project: inventorySchema.shape.project,
    source: z.string(),
    packages: z.array(inspectionSchema),
    summaries: z.array(z.string()),
    audit: auditSchema.pick({ counts: true, licences: true }),
    groups: legalReviewSchema.shape.groups,
    ranked: riskSchema.shape.ranked,
    /** Shown in the report when given; nothing else in it depends on the time. */
    date: z.string().optional(),
  })
  .refine(({ packages, summaries }) => packages.length === summaries.length, 'one summary for each package is needed');
export type Material = z.infer<typeof materialSchema>;

const count = z.number().int().nonnegative();
export const totalsSchema = z.object({
  packages: count,
  installed: count,
  development: count,
  optional: count,
  deprecated: count,
  installScripts: count,
  nativeCode: count,
  bytes: count,
  files: count,
});
export type Totals = z.infer<typeof totalsSchema>;

export const entrySchema = inspectionSchema.extend({
  class: licenceClassSchema,
  score: z.number(),
  reasons: z.array(z.string()),
  summary: z.string(),
});
export type Entry = z.infer<typeof entrySchema>;

/** The JSON file of a dossier. */
export const dossierSchema = z.object({
  schemaVersion: z.literal(1),
  edition: z.enum(['short', 'complete']),
  project: inventorySchema.shape.project,
  source: z.string(),
  date: z.string().optional(),
  totals: totalsSchema,
  counts: auditSchema.shape.counts,
  licences: auditSchema.shape.licences,
  review: legalReviewSchema.shape.groups,
  packages: z.array(entrySchema),
});
export type Dossier = z.infer<typeof dossierSchema>;

export function totalsOf(packages: Material['packages']): Totals {
  const countOf = (test: (one: Material['packages'][number]) => boolean): number => packages.filter(test).length;
  return {
    packages: packages.length,
    installed: countOf(({ installed }) => installed),
    development: countOf(({ dev }) => dev === true),
    optional: countOf(({ optional }) => optional === true),
    deprecated: countOf(({ deprecated }) => deprecated === true),
    installScripts: countOf(({ scripts }) => scripts !== undefined),
    nativeCode: countOf(({ native }) => native !== undefined),
    bytes: packages.reduce((sum, { bytes }) => sum + bytes, 0),
    files: packages.reduce((sum, { files }) => sum + files, 0),
  };
}

/** Packages with an entry in a short edition, by risk. */
const SHORT_ENTRIES = 25;

/** The dossier that the material makes; the same for the same material. */
export function compileDossier(material: Material, edition: Edition['edition']): Dossier {
  const { packages, summaries, audit, ranked } = material;
  const classes = new Map(audit.licences.map((licence) => [licence.declared, licence.class]));
  const risks = new Map(ranked.map((risk) => [risk.path, risk]));
  const chosen = new Set(ranked.slice(0, SHORT_ENTRIES).map(({ path }) => path));
  const entries = packages.map((inspection, index) => ({
    ...inspection,
    class: classes.get(inspection.licence ?? null) ?? ('unknown' as const),
    score: risks.get(inspection.path)?.score ?? 0,
    reasons: risks.get(inspection.path)?.reasons ?? [],
    summary: summaries[index] ?? '',
  }));
  return {
    schemaVersion: 1,
    edition,
    project: material.project,
    source: material.source,
    ...(material.date === undefined ? {} : { date: material.date }),
    totals: totalsOf(packages),
    counts: audit.counts,
    licences: audit.licences,
    review: material.groups,
    packages: edition === 'complete' ? entries : entries.filter(({ path }) => chosen.has(path)),
  };
}

/** How a package is called wherever a person reads of it. */
export const label = ({ name, version }: Pick<PackageRecord, 'name' | 'version'>): string => `${name}@${version}`;
