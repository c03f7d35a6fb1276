import { workflow } from '@reprise/core';
import { z } from 'zod';
import { critic } from './agents/critic.ts';
import { describer } from './agents/describer.ts';
import { editor } from './agents/editor.ts';
import { inspector } from './agents/inspector.ts';
import { inventory } from './agents/inventory.ts';
import { legalReview } from './agents/legal-review.ts';
import { licenceAuditor } from './agents/licence-auditor.ts';
import { riskScorer } from './agents/risk-scorer.ts';
import { summariser } from './agents/summariser.ts';
import { type Inventory, type PackageTask, verdictSchema } from './records.ts';

/** What a run of the dossier takes. */
export const dossierInputSchema = z.object({
  /** The project's folder. */
  folder: z.string().min(1).default('.'),
  /** Where the report goes; relative to `folder`. */
  outDir: z.string().min(1).default('.reprise/dossier'),
  /** Shown in the report when given. */
  date: z.string().optional(),
});

const MAX_ROUNDS = 3;
const AT_ONCE = 16;

const packageTasks = ({ folder, packages }: Inventory): PackageTask[] => packages.map((one) => ({ folder, ...one }));

/**
 * A dossier of everything that a project depends on: inventory, then inspection and summary of every package, licence audit
 * with a legal review where needed, risk score, and a report that is edited until the critic finds it complete.
 */
export const dossier = workflow('dossier', {
  version: '1',
  description: "A dossier of a project's dependencies",
  input: dossierInputSchema,
  timeout: '30m',
})
  .task('inventory', inventory, { timeout: '2m' })
  .task('inspect', inspector, {
    after: 'inventory',
    forEach: ({ outputs }) => packageTasks(outputs.inventory),
    concurrency: AT_ONCE,
    timeout: { attempt: '2m', heartbeat: '30s' },
  })
  .task('summarise', summariser, {
    after: 'inventory',
    forEach: ({ outputs }) => packageTasks(outputs.inventory),
    concurrency: AT_ONCE,
    timeout: '1m',
    // NO_README is not retried; the description in the manifest stands in.
    fallback: { agent: describer },
  })
  .task('audit', licenceAuditor, {
    after: 'inspect',
    input: ({ outputs }) => ({ packages: outputs.inspect }),
  })
  .task('review', legalReview, {
    after: 'audit',
    when: ({ outputs }) => outputs.audit.review.length > 0,
    input: ({ outputs }) => ({ folder: outputs.inventory.folder, review: outputs.audit.review }),
  })
  .task('score', riskScorer, {
    after: 'audit',
    input: ({ outputs }) => ({ packages: outputs.inspect, licences: outputs.audit.licences }),
  })
  .task('edit', editor, {
    after: ['summarise', 'review', 'score'],
    input: ({ input, outputs, feedback }) => ({
      folder: outputs.inventory.folder,
      outDir: input.outDir,
      material: {
        project: outputs.inventory.project,
        source: outputs.inventory.source,
        packages: outputs.inspect,
        summaries: outputs.summarise.map(({ text }) => text),
        audit: { counts: outputs.audit.counts, licences: outputs.audit.licences },
        groups: outputs.review?.groups ?? [],
        ranked: outputs.score.ranked,
        ...(input.date === undefined ? {} : { date: input.date }),
      },
      findings: feedback === null ? [] : verdictSchema.parse(feedback).findings,
    }),
  })
  .task('check', critic, {
    after: 'edit',
    input: ({ outputs }) => ({
      edition: { markdown: outputs.edit.markdown, json: outputs.edit.json },
      packages: outputs.inspect,
      review: outputs.audit.review,
    }),
    repeat: { from: 'edit', until: ({ output }) => output.complete, max: MAX_ROUNDS },
  })
  .output(({ outputs }) => ({
    report: outputs.edit.markdown,
    json: outputs.edit.json,
    packages: outputs.inventory.packages.length,
    licencesToReview: outputs.audit.review.length,
    highestRisks: outputs.score.ranked.slice(0, 5),
  }))
  .build();
