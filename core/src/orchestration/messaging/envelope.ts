import type { Json } from '../../shared/json.ts';

/** CloudEvents 1.0 attributes (https://github.com/cloudevents/spec) with the extensions of Reprise. */
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
  readonly dataschema?: string;
  /** The run that it is about; absent of one from outside of any. */
  readonly runid?: string;
  readonly taskid?: string;
  readonly attempt?: number;
  readonly correlationid: string;
  readonly causationid: string;
  /** Messages of one key stay in order. The engine's: keyOf() in messages.ts. */
  readonly partitionkey: string;
  readonly replyto?: string;
  /** RFC 3339. */
  readonly expirytime?: string;
  readonly traceparent?: string;
  readonly tracestate?: string;
  readonly data: Json;
}
