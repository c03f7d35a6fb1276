import type { Json } from '../../shared/json.ts';
import type { Performative } from '../../shared/performatives.ts';
import type { Receipt } from '../workflow/messaging/message.ts';

/** CloudEvents 1.0 attributes (https://github.com/cloudevents/spec) with the extensions of Reprise. What each means is said in envelope-shape.ts. */
export interface Envelope {
  readonly specversion: '1.0';
  /** The key that duplicates are dropped by. */
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string;
  /** RFC 3339. */
  readonly time: string;
  readonly datacontenttype: 'application/json';
  /** Which version of which schema `data` has. */
  readonly dataschema?: string;
  /** The run that it is about; absent of one from outside of any. */
  readonly runid?: string;
  readonly taskid?: string;
  readonly attempt?: number;
  /** Of a dispatch, and of all that is reported of it: dispatch-tokens.ts. */
  readonly dispatchtoken?: string;
  readonly correlationid: string;
  readonly causationid: string;
  /** Messages of one key stay in order. The engine's: keyOf() in messages.ts. */
  readonly partitionkey: string;
  readonly replyto?: string;
  /** RFC 3339. */
  readonly expirytime?: string;
  readonly traceparent?: string;
  readonly tracestate?: string;
  /** These are of messages between agents (message-envelope.ts). */
  readonly performative?: Performative;
  readonly conversationid?: string;
  readonly inreplyto?: string;
  readonly deliveryattempt?: number;
  readonly sequence?: string;
  readonly messagetype?: string;
  readonly messagekey?: string;
  /** RFC 3339. */
  readonly replyby?: string;
  readonly dropexpired?: boolean;
  readonly onbehalf?: boolean;
  readonly worker?: string;
  readonly torun?: string;
  readonly runsequence?: number;
  readonly receipt?: Receipt;
  /** JSON. */
  readonly ask?: string;
  /** JSON. */
  readonly recipients?: string;
  readonly toolate?: boolean;
  readonly oncompletion?: boolean;
  readonly decision?: number;
  readonly data: Json;
}
