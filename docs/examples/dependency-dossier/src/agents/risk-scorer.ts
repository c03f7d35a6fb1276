import { defineAgent } from '@reprise/core';
import { z } from 'zod';
import { auditSchema, inspectionSchema, type Risk, riskSchema } from '../records.ts';
import { DEV_FACTOR, RISK_FACTORS } from '../risk/risk-factors.ts';

/** Ranks the packages by a score whose reasons are listed, so that anybody can add it up again. */
export const riskScorer = defineAgent({
  name: 'risk-scorer',
  description: 'Ranks packages by risk, with the reasons',
  capabilities: ['score-risk'],
  inputSchema: z.object({ packages: z.array(inspectionSchema), licences: auditSchema.shape.licences }),
  outputSchema: riskSchema,
  handle(task): Risk {
    const { packages, licences } = task.input;
    const classes = new Map(licences.map((licence) => [licence.declared, licence.class]));
    const versions = new Map<string, Set<string>>();
    for (const { name, version } of packages) {
      const known = versions.get(name) ?? new Set();
      versions.set(name, known.add(version));
    }
    const ranked = packages.flatMap((inspection) => {
      const licence = classes.get(inspection.licence ?? null) ?? 'unknown';
      const subject = { inspection, licence, versions: versions.get(inspection.name)?.size ?? 1 };
      const factors = RISK_FACTORS.filter((factor) => factor.applies(subject));
      const points = factors.reduce((sum, factor) => sum + factor.points, 0);
      const score = inspection.dev === true ? points * DEV_FACTOR : points;
      return score === 0 ? [] : [{ path: inspection.path, score, reasons: factors.map(({ code }) => code) }];
    });
    return { ranked: ranked.sort((a, b) => b.score - a.score || (a.path < b.path ? -1 : 1)) };
  },
});
