import { z } from 'zod';
import { isPackagePath } from './packages/package-path.ts';

// The records that agents pass to each other. Flags are absent when false: with 1,500 packages every attempt's input and
// output must stay below 1 MiB.

const flag = z.literal(true).optional();
const packagePath = z.string().refine(isPackagePath, 'not a path of a package below node_modules');

/** One package of the dependency tree; the same name and version may be there at several paths. */
export const packageSchema = z.object({
  /** Below the project folder, with forward slashes: `node_modules/a/node_modules/b`. Unique. */
  path: packagePath,
  /** The package's real name; differs from the path's end for an alias. */
  name: z.string(),
  version: z.string(),
  installed: z.boolean(),
  /** Only development needs it. */
  dev: flag,
  /** Only optional dependencies need it. */
  optional: flag,
  deprecated: flag,
  /** As the lockfile has it; only for a package that is not installed, whose manifest cannot be read. */
  licence: z.string().optional(),
});
export type PackageRecord = z.infer<typeof packageSchema>;

export const inventorySchema = z.object({
  /** Absolute path of the project. */
  folder: z.string(),
  project: z.object({ name: z.string(), version: z.string() }),
  /** Where the tree was read from: a lockfile's name, or `node_modules`. */
  source: z.string(),
  /** Sorted by path. */
  packages: z.array(packageSchema),
});
export type Inventory = z.infer<typeof inventorySchema>;

/** What a per-package agent is handed. */
export const packageTaskSchema = packageSchema.extend({ folder: z.string() });
export type PackageTask = z.infer<typeof packageTaskSchema>;

export const INSTALL_SCRIPTS = ['preinstall', 'install', 'postinstall', 'node-gyp'] as const;

/** What the inspector found in one installed package. */
export const inspectionSchema = packageSchema.extend({
  /** As declared, or as recognised in a file; absent when there is neither. At most 100 characters. */
  licence: z.string().optional(),
  /** Where the licence came from when it is not the manifest's `license`: the old `licenses`, or a licence file. */
  licenceFrom: z.enum(['legacy', 'file']).optional(),
  /** Scripts that `npm install` runs; `node-gyp` is the one that a binding.gyp implies. */
  scripts: z.array(z.enum(INSTALL_SCRIPTS)).optional(),
  /** Range of Node versions, as declared. */
  engines: z.string().optional(),
  /** On disk, without nested node_modules. */
  bytes: z.number().int().nonnegative(),
  files: z.number().int().nonnegative(),
  native: z.enum(['gyp', 'binary']).optional(),
  types: z.enum(['own', '@types', 'none']),
  /** Absent when there is nothing to load. */
  module: z.enum(['esm', 'cjs', 'dual']).optional(),
  /** Version in the installed manifest, when it is not the one of the tree. */
  found: z.string().optional(),
  /** Why something could not be read. */
  problem: z.string().optional(),
});
export type Inspection = z.infer<typeof inspectionSchema>;

export const summarySchema = z.object({
  path: packagePath,
  /** One line of plain text; at most 240 bytes of JSON. */
  text: z.string(),
  source: z.enum(['readme', 'manifest', 'none']),
});
export type Summary = z.infer<typeof summarySchema>;

/** From harmless to heavy; the order in which AND and OR choose. */
export const LICENCE_CLASSES = ['permissive', 'weak-copyleft', 'strong-copyleft', 'proprietary', 'unknown'] as const;
export const licenceClassSchema = z.enum(LICENCE_CLASSES);
export type LicenceClass = z.infer<typeof licenceClassSchema>;

export const auditSchema = z.object({
  /** Packages per class. */
  counts: z.record(licenceClassSchema, z.number().int().nonnegative()),
  /** Every licence text met, most frequent first. `declared` is null for packages without any. */
  licences: z.array(
    z.object({
      declared: z.string().nullable(),
      /** SPDX expression; absent when the text could not be understood. */
      expression: z.string().optional(),
      class: licenceClassSchema,
      count: z.number().int().positive(),
    }),
  ),
  /** Packages whose licence a person must look at: unknown, proprietary or copyleft. Sorted by path. */
  review: z.array(
    z.object({
      path: packagePath,
      licence: z.string().nullable(),
      class: licenceClassSchema,
      dev: flag,
      installed: z.boolean(),
    }),
  ),
});
export type Audit = z.infer<typeof auditSchema>;

export const legalReviewSchema = z.object({
  /** One group for each rule that applied, the most pressing first. Every reviewed package is in exactly one group. */
  groups: z.array(
    z.object({
      rule: z.string(),
      concern: z.enum(['high', 'medium', 'low']),
      obligations: z.string(),
      recommendation: z.string(),
      packages: z.array(z.object({ path: packagePath, read: z.string().optional() })),
    }),
  ),
});
export type LegalReview = z.infer<typeof legalReviewSchema>;

export const riskSchema = z.object({
  /** Packages with a score above 0, the riskiest first (ties by path). */
  ranked: z.array(z.object({ path: packagePath, score: z.number(), reasons: z.array(z.string()) })),
});
export type Risk = z.infer<typeof riskSchema>;

export const findingSchema = z.object({ code: z.string(), message: z.string(), paths: z.array(z.string()) });
export type Finding = z.infer<typeof findingSchema>;

export const verdictSchema = z.object({ complete: z.boolean(), findings: z.array(findingSchema) });
export type Verdict = z.infer<typeof verdictSchema>;

export const editionSchema = z.object({
  edition: z.enum(['short', 'complete']),
  /** Absolute paths of the files written. */
  markdown: z.string(),
  json: z.string(),
  /** Packages with an entry of their own. */
  entries: z.number().int().nonnegative(),
});
export type Edition = z.infer<typeof editionSchema>;
