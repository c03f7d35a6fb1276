import { defineAgent } from '@reprise/core';
import { z } from 'zod';
import { classifyLicence } from '../licences/classify.ts';
import { type Audit, auditSchema, inspectionSchema, LICENCE_CLASSES, type LicenceClass } from '../records.ts';

/** Classifies the licence of every package, counts, and lists the packages that a person must look at. */
export const licenceAuditor = defineAgent({
  name: 'licence-auditor',
  description: 'Parses and classifies the licences of all packages',
  capabilities: ['audit-licences'],
  inputSchema: z.object({ packages: z.array(inspectionSchema) }),
  outputSchema: auditSchema,
  handle(task): Audit {
    const { packages } = task.input;
    const counts = Object.fromEntries(LICENCE_CLASSES.map((name) => [name, 0])) as Record<LicenceClass, number>;
    const licences = new Map<string | null, Audit['licences'][number]>();
    const review: Audit['review'] = [];
    for (const { path, licence = null, dev, installed } of packages) {
      const known = licences.get(licence) ?? { declared: licence, ...classifyLicence(licence), count: 0 };
      licences.set(licence, { ...known, count: known.count + 1 });
      counts[known.class] += 1;
      if (known.class === 'permissive') continue;
      review.push({
        path,
        licence: known.expression ?? licence,
        class: known.class,
        ...(dev ? { dev } : {}),
        installed,
      });
    }
    const byCount = (a: Audit['licences'][number], b: Audit['licences'][number]): number =>
      b.count - a.count || ((a.declared ?? '') < (b.declared ?? '') ? -1 : 1);
    return { counts, licences: [...licences.values()].sort(byCount), review };
  },
});
