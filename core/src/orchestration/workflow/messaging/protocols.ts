import type { Performative } from '../../../shared/performatives.ts';

// The protocols of conversations, as tables: who may say what, and what it comes to. They are FIPA's interaction protocols (request, query, contract net,
// subscribe; SC00026, SC00027, SC00029, SC00035), with these differences: a participant may answer at once, without agreeing first; it may ask back (query),
// and is told more (inform); a call for proposals has a half for each that was asked; and `cancel` is said in the conversation itself.

export type Protocol = 'request' | 'query' | 'contract-net' | 'subscribe';
export type Role = 'initiator' | 'participant';

/** Where a conversation between two is. */
export type OpenStage = 'asked' | 'agreed' | 'more-needed' | 'proposed' | 'accepted' | 'subscribed' | 'cancelling';
export type EndedStage = 'done' | 'failed' | 'refused' | 'rejected' | 'cancelled' | 'not-understood';
export type Stage = OpenStage | EndedStage;

type Moves = Readonly<Partial<Record<Performative, Stage>>>;
type Table = Readonly<Partial<Record<OpenStage, Readonly<Record<Role, Moves>>>>>;

const OPENS: Readonly<Partial<Record<Performative, Protocol>>> = {
  request: 'request',
  query: 'query',
  cfp: 'contract-net',
  subscribe: 'subscribe',
};

/** Of a question, and of an order. */
const ASKING: Table = {
  asked: {
    participant: { agree: 'agreed', refuse: 'refused', inform: 'done', failure: 'failed', query: 'more-needed' },
    initiator: { cancel: 'cancelling' },
  },
  agreed: {
    participant: { inform: 'done', failure: 'failed', query: 'more-needed' },
    initiator: { cancel: 'cancelling' },
  },
  'more-needed': {
    participant: { failure: 'failed' },
    initiator: { inform: 'asked', cancel: 'cancelling' },
  },
  // What was said before the cancellation was heard counts: the first of both that is on record.
  cancelling: {
    participant: {
      inform: 'cancelled',
      failure: 'failed',
      refuse: 'refused',
      agree: 'cancelling',
      query: 'cancelling',
    },
    initiator: {},
  },
};

const TABLES: Readonly<Record<Protocol, Table>> = {
  request: ASKING,
  query: ASKING,
  'contract-net': {
    asked: { participant: { propose: 'proposed', refuse: 'refused' }, initiator: { cancel: 'cancelled' } },
    proposed: {
      participant: { failure: 'failed' },
      initiator: { 'accept-proposal': 'accepted', 'reject-proposal': 'rejected', cancel: 'cancelled' },
    },
    accepted: { participant: { inform: 'done', failure: 'failed' }, initiator: { cancel: 'cancelling' } },
    cancelling: { participant: { inform: 'cancelled', failure: 'failed' }, initiator: {} },
  },
  subscribe: {
    asked: {
      participant: { agree: 'subscribed', refuse: 'refused', inform: 'subscribed', failure: 'failed' },
      initiator: { cancel: 'cancelled' },
    },
    subscribed: { participant: { inform: 'subscribed', failure: 'failed' }, initiator: { cancel: 'cancelled' } },
  },
};

const OWES: Readonly<Record<OpenStage, Role | undefined>> = {
  asked: 'participant',
  agreed: 'participant',
  'more-needed': 'initiator',
  proposed: 'initiator',
  accepted: 'participant',
  subscribed: undefined,
  cancelling: 'participant',
};

/** The protocol of the conversation that a message opens; undefined when it opens none. */
export const protocolOf = (performative: Performative): Protocol | undefined => OPENS[performative];

export const isOpen = (stage: Stage): stage is OpenStage => Object.hasOwn(OWES, stage);

/** Who has to speak next; undefined when nobody has. */
export const owes = (stage: Stage): Role | undefined => (isOpen(stage) ? OWES[stage] : undefined);

/** What may be said by that side. That something was not understood, either may say at any time. */
export const allowed = (protocol: Protocol, stage: Stage, role: Role): readonly Performative[] =>
  isOpen(stage) ? [...(Object.keys(TABLES[protocol][stage]?.[role] ?? {}) as Performative[]), 'not-understood'] : [];

/** Where the conversation is once that was said; undefined: it may not be. */
export function advance(protocol: Protocol, stage: Stage, role: Role, said: Performative): Stage | undefined {
  if (!isOpen(stage)) return undefined;
  return said === 'not-understood' ? 'not-understood' : TABLES[protocol][stage]?.[role][said];
}

/** The stages of a protocol in the order of its table. */
export const stagesOf = (protocol: Protocol): readonly OpenStage[] => Object.keys(TABLES[protocol]) as OpenStage[];
