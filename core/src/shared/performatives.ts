/** What a message does, in the words of FIPA ACL (docs/communication_protocol.md says which of them, and why). */
export const PERFORMATIVES = [
  'request',
  'agree',
  'refuse',
  'inform',
  'failure',
  'cfp',
  'propose',
  'accept-proposal',
  'reject-proposal',
  'cancel',
  'not-understood',
  'query',
  'subscribe',
] as const;

export type Performative = (typeof PERFORMATIVES)[number];

export const isPerformative = (value: unknown): value is Performative =>
  (PERFORMATIVES as readonly unknown[]).includes(value);
