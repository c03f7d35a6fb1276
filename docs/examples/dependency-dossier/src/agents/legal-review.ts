import { join } from 'node:path';
import { defineAgent } from '@reprise/core';
import { z } from 'zod';
import { REVIEW_RULES, type ReviewRule, reviewRule } from '../licences/review-rules.ts';
import { licenceFiles } from '../packages/licence-file.ts';
import { listFolder } from '../packages/read-files.ts';
import { auditSchema, type LegalReview, legalReviewSchema } from '../records.ts';

/** Says, for each package whose licence needs a look, what it obliges to and what to do, and which file to read. */
export const legalReview = defineAgent({
  name: 'legal-review',
  description: 'Gives obligations and a recommendation for every licence that is not permissive',
  capabilities: ['review-licences'],
  inputSchema: z.object({ folder: z.string(), review: auditSchema.shape.review }),
  outputSchema: legalReviewSchema,
  async handle(task, context): Promise<LegalReview> {
    const { folder, review } = task.input;
    const packagesByRule = new Map<ReviewRule, LegalReview['groups'][number]['packages']>();
    for (const { path, licence, class: licenceClass, dev = false, installed } of review) {
      context.signal.throwIfAborted();
      context.heartbeat();
      const rule = reviewRule({ class: licenceClass, licence, dev, installed });
      const read = licenceClass === 'unknown' && installed ? await fileToRead(join(folder, path)) : undefined;
      const packages = packagesByRule.get(rule) ?? [];
      packages.push({ path, ...(read === undefined ? {} : { read }) });
      packagesByRule.set(rule, packages);
    }
    const groups = REVIEW_RULES.flatMap((candidate) => {
      const packages = packagesByRule.get(candidate);
      if (packages === undefined) return [];
      const { rule, concern, obligations, recommendation } = candidate;
      return [{ rule, concern, obligations, recommendation, packages }];
    });
    return { groups };
  },
});

/** The file most likely to say what the licence is. */
async function fileToRead(folder: string): Promise<string | undefined> {
  const names = await listFolder(folder);
  return (
    licenceFiles(names)[0] ?? names.find((name) => /^readme/i.test(name)) ?? names.find((n) => n === 'package.json')
  );
}
