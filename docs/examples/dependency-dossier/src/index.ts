export { DossierError, type DossierErrorCode } from './agent-error.ts';
export { critic } from './agents/critic.ts';
export { describer } from './agents/describer.ts';
export { editor } from './agents/editor.ts';
export { inspector } from './agents/inspector.ts';
export { inventory } from './agents/inventory.ts';
export { legalReview } from './agents/legal-review.ts';
export { licenceAuditor } from './agents/licence-auditor.ts';
export { riskScorer } from './agents/risk-scorer.ts';
export { summariser } from './agents/summariser.ts';
export type {
  Audit,
  Edition,
  Finding,
  Inspection,
  Inventory,
  LegalReview,
  LicenceClass,
  PackageRecord,
  PackageTask,
  Risk,
  Summary,
  Verdict,
} from './records.ts';
export type { Dossier } from './report/dossier.ts';
export { dossier, dossierInputSchema } from './workflow.ts';
