import { workflow } from '@reprise/core';
import * as agents from '@reprise-examples/dependency-dossier';
import { z } from 'zod';

const each = ({ folder, packages }: agents.Inventory) => packages.map((one) => ({ folder, ...one }));

/** What a dossier is made of: a child run, whenever the team wants to know it. */
export const survey = workflow('survey', { input: z.object({ folder: z.string() }) })
  .task('inventory', agents.inventory)
  .task('inspect', agents.inspector, { after: 'inventory', forEach: ({ outputs }) => each(outputs.inventory) })
  .task('summarise', agents.summariser, {
    after: 'inventory',
    forEach: ({ outputs }) => each(outputs.inventory),
    fallback: { agent: agents.describer },
  })
  .task('audit', agents.licenceAuditor, { after: 'inspect', input: ({ outputs }) => ({ packages: outputs.inspect }) })
  .task('review', agents.legalReview, {
    after: 'audit',
    input: ({ outputs }) => ({ folder: outputs.inventory.folder, review: outputs.audit.review }),
  })
  .task('score', agents.riskScorer, {
    after: 'audit',
    input: ({ outputs }) => ({ packages: outputs.inspect, licences: outputs.audit.licences }),
  })
  .output(({ outputs: { inventory, inspect, summarise, audit, review, score } }) => ({
    folder: inventory.folder,
    flagged: audit.review,
    material: {
      project: inventory.project,
      source: inventory.source,
      packages: inspect,
      summaries: summarise.map(({ text }) => text),
      audit: { counts: audit.counts, licences: audit.licences },
      groups: review.groups,
      ranked: score.ranked,
    },
  }))
  .build();

type EditorInput = Parameters<typeof agents.editor.handle>[0]['input'];

/** What it gives. */
export interface Survey extends Pick<EditorInput, 'folder' | 'material'> {
  readonly flagged: agents.Audit['review'];
}
