import { EventEmitter } from 'node:events';
import gossipGrpc from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import featuresGrpc from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import streamsGrpc from '@eventstore/db-client/generated/streams_grpc_pb.js';
import type {
  AppendReq,
  AppendResp,
  BatchAppendReq,
  BatchAppendResp,
  ReadReq,
  ReadResp,
} from '@eventstore/db-client/generated/streams_pb.js';
import grpc from '@grpc/grpc-js';
import {
  appendAnswer,
  batchAnswer,
  batchExpectedOf,
  batchRefusal,
  checkpointAnswer,
  confirmationAnswer,
  eventAnswer,
  expectedOf,
  featuresAnswer,
  filterOf,
  gossipAnswer,
  type Member,
  nameOf,
  notFoundAnswer,
  proposalOf,
  refusal,
} from './answers.ts';
import { type AppendOutcome, type Expected, type Proposal, ServerLog } from './server-log.ts';
import { eventsOfAll, eventsOfStream } from './server-reads.ts';
import { Wire } from './wire.ts';

/** A call that a fault may be for. */
export interface Call {
  readonly kind: 'append' | 'batch' | 'read' | 'subscribe' | 'features';
  /** '$all' for all streams. */
  readonly stream: string;
  readonly metadata: grpc.Metadata;
}

/**
 * What goes wrong with a call. `before`: nothing is done. `after`: it is done, and the answer is lost. `hang` answers never, `drop` breaks the
 * connection with all its calls, `half` breaks it in the middle of what is read, `cut` ends the call there. `deaf`: a subscription that is
 * confirmed, and hears nothing; `double`: one that hears everything twice. `slow`: it takes SLOW_MS. `late`: an append that is made when nobody
 * may wait for it any longer, after `lateMs`. `stale`: what is read is what a node has that is STALE_RECORDS behind.
 */
export type Fault =
  | 'hang-before'
  | 'hang-after'
  | 'drop-before'
  | 'drop-after'
  | 'half'
  | 'cut'
  | 'deaf'
  | 'double'
  | 'slow'
  | 'late'
  | 'stale'
  | 'not-leader'
  | 'busy'
  | 'not-ready'
  | 'timeout-after'
  | 'denied'
  | 'internal-after';

export interface ProtocolServerOptions {
  /** Default: one that is free. */
  readonly port?: number;
  /** What is wrong with a call; undefined: nothing. */
  readonly fault?: (call: Call) => Fault | undefined;
  readonly maxAppendBytes?: number;
  /** See Fault. Default 400. */
  readonly lateMs?: number;
  /** Only over TLS, with this certificate; and only with one of it itself, where `user` is true. */
  readonly tls?: { readonly certificate: Buffer; readonly key: Buffer; readonly user: boolean };
  /** Of a follower: where the leader is. */
  readonly leaderPort?: number;
  readonly members?: () => readonly Member[];
  /** Shared with another server: nodes of a cluster, or one that is started again. */
  readonly log?: ServerLog;
  readonly changed?: EventEmitter;
  /** Without the proxy: nothing can be broken, and nothing that a server does not do is paid for. */
  readonly direct?: boolean;
}

const { status } = grpc;
const SLOW_MS = 30;
/** Links to events are records, too. */
const STALE_RECORDS = 6;
/** Events of whatever stream after which a subscription is told where it is. */
const CHECKPOINT_EVERY = 4096;
/** Events after which a subscription is cut. */
const CUT_AFTER = 3;

/**
 * An EventStoreDB for tests: its protocol over its log in memory, on the generated code of the client. It listens behind a proxy, so that
 * connections can be broken as a network breaks them, and the server be stopped and started at the same port with what it had.
 */
export class ProtocolServer {
  readonly changed: EventEmitter;
  readonly log: ServerLog;
  readonly calls: Call[] = [];
  fault: ((call: Call) => Fault | undefined) | undefined;
  /** Subscriptions that are open. */
  subscriptions = 0;
  readonly #options: ProtocolServerOptions;
  readonly #wire: Wire;
  #server: grpc.Server | undefined;
  #bound: number | undefined;

  constructor(options: ProtocolServerOptions = {}) {
    this.#options = options;
    this.#wire = new Wire(options.port);
    this.fault = options.fault;
    this.changed = options.changed ?? new EventEmitter().setMaxListeners(0);
    this.log = options.log ?? new ServerLog(this.changed);
  }

  get port(): number {
    return this.#bound ?? this.#wire.port;
  }

  get connectionString(): string {
    return `esdb://127.0.0.1:${this.port}?tls=false`;
  }

  async start(): Promise<this> {
    const server = new grpc.Server();
    const features = () => featuresAnswer('23.10.1', true);
    server.addService(streamsGrpc.StreamsService, {
      append: this.#append,
      batchAppend: this.#batchAppend,
      read: this.#read,
    });
    server.addService(featuresGrpc.ServerFeaturesService, {
      getSupportedMethods: (call: grpc.ServerUnaryCall<unknown, unknown>, done: grpc.sendUnaryData<unknown>) => {
        if (!this.#troubled({ kind: 'features', stream: '', metadata: call.metadata }, call)) done(null, features());
      },
    });
    server.addService(gossipGrpc.GossipService, {
      read: (_call: unknown, done: grpc.sendUnaryData<unknown>) =>
        done(null, gossipAnswer(this.#options.members?.() ?? [{ port: this.port, state: 'leader' }])),
    });
    const port = await new Promise<number>((resolve, reject) =>
      server.bindAsync('127.0.0.1:0', this.#credentials(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      ),
    );
    this.#server = server;
    if (this.#options.direct === true) this.#bound = port;
    else await this.#wire.open(port);
    return this;
  }

  #credentials(): grpc.ServerCredentials {
    const { tls } = this.#options;
    if (tls === undefined) return grpc.ServerCredentials.createInsecure();
    const { certificate, key, user } = tls;
    return grpc.ServerCredentials.createSsl(certificate, [{ cert_chain: certificate, private_key: key }], user);
  }

  /** As a crash: every connection breaks, and nobody answers at the port. What was acknowledged is there after start(). */
  async stop(): Promise<void> {
    await this.#wire.close();
    this.#server?.forceShutdown();
    this.#server = undefined;
  }

  /** Breaks every connection. New ones are taken. */
  breakConnections(): void {
    this.#wire.breakAll();
  }

  /** The network swallows everything until it is called with false. */
  freeze(frozen: boolean): void {
    this.#wire.freeze(frozen);
  }

  readonly #append: grpc.handleClientStreamingCall<AppendReq, AppendResp> = (call, done) => {
    let options: InstanceType<typeof AppendReq.Options> | undefined;
    const proposals: Proposal[] = [];
    call.on('data', (request: AppendReq) => {
      options ??= request.getOptions();
      const message = request.getProposedMessage();
      if (message !== undefined) proposals.push(proposalOf(message));
    });
    const ended = (): void => {
      if (call.cancelled) return; // its connection broke before all of it was there
      if (options === undefined) return done(refusal(status.INVALID_ARGUMENT, 'no options'));
      const stream = nameOf(options);
      const of: Call = { kind: 'append', stream, metadata: call.metadata };
      this.#made(of, call, stream, expectedOf(options), proposals, (outcome, error) => {
        if (error !== undefined) done(error);
        else if (outcome.kind === 'deleted') done(streamDeleted(stream));
        else done(null, appendAnswer(outcome));
      });
    };
    call.on('end', () => setImmediate(ended));
  };

  readonly #batchAppend: grpc.handleBidiStreamingCall<BatchAppendReq, BatchAppendResp> = (call) => {
    const open = new Map<string, { options: InstanceType<typeof BatchAppendReq.Options>; proposals: Proposal[] }>();
    call.on('data', (request: BatchAppendReq) => {
      const correlation = request.getCorrelationId();
      const key = correlation?.getString() ?? '';
      const options = request.getOptions();
      if (options !== undefined) open.set(key, { options, proposals: [] });
      const batch = open.get(key);
      batch?.proposals.push(...request.getProposedMessagesList().map(proposalOf));
      if (batch === undefined || !request.getIsFinal()) return;
      open.delete(key);
      const stream = nameOf(batch.options);
      const of: Call = { kind: 'batch', stream, metadata: call.metadata };
      this.#made(of, call, stream, batchExpectedOf(batch.options), batch.proposals, (outcome, error) => {
        if (error === undefined) call.write(batchAnswer(correlation, stream, outcome));
        else if (error.code === status.INTERNAL) call.emit('error', error);
        else call.write(batchRefusal(correlation, stream, exceptionOf(error), error.details));
      });
    });
    call.on('end', () => call.end());
  };

  /** Carries an append out, as far as no fault keeps it from that. */
  #made(
    of: Call,
    call: Answering,
    stream: string,
    expected: Expected,
    proposals: readonly Proposal[],
    done: (outcome: AppendOutcome, error?: ReturnType<typeof refusal>) => void,
  ): void {
    const failed = (error: ReturnType<typeof refusal>): void => done({ kind: 'deleted' }, error);
    const size = proposals.reduce(
      (sum, { data, metadata, type }) => sum + data.length + metadata.length + 2 * type.length,
      0,
    );
    const { maxAppendBytes = 1024 * 1024 } = this.#options;
    const fault = this.#faultOf(of);
    const error = this.#refused(of, fault);
    if (error !== undefined) return failed(error);
    if (fault === 'hang-before' || this.#dropped(fault, 'drop-before')) return;
    if (size > maxAppendBytes) return failed(tooLarge(maxAppendBytes));
    const make = (): void => {
      const outcome = this.log.append(stream, expected, proposals);
      if (fault === 'hang-after' || this.#dropped(fault, 'drop-after')) return;
      if (fault === 'timeout-after') return failed(refusal(status.ABORTED, 'Operation timed out: CommitTimeout'));
      if (fault === 'internal-after') return failed(refusal(status.INTERNAL, 'Received RST_STREAM with code 2'));
      if (!('cancelled' in call) || !call.cancelled) done(outcome);
    };
    const { lateMs = 400 } = this.#options;
    if (fault === 'slow' || fault === 'late') setTimeout(make, fault === 'slow' ? SLOW_MS : lateMs);
    else make();
  }

  readonly #read: grpc.handleServerStreamingCall<ReadReq, ReadResp> = (call) => {
    const options = call.request.getOptions();
    if (options === undefined) return void call.emit('error', refusal(status.INVALID_ARGUMENT, 'no options'));
    const subscribes = options.hasSubscription();
    const stream = options.hasAll() ? '$all' : nameOf(options.getStream());
    const of: Call = { kind: subscribes ? 'subscribe' : 'read', stream, metadata: call.metadata };
    const fault = this.#faultOf(of);
    const error = this.#refused(of, fault) ?? (this.log.isTombstoned(stream) ? streamDeleted(stream) : undefined);
    if (error !== undefined) return void call.emit('error', error);
    if (fault === 'hang-before' || this.#dropped(fault, 'drop-before')) return;
    const answer = (): void =>
      subscribes ? this.#subscribe(call, options, fault) : this.#answer(call, options, stream, fault);
    if (fault === 'slow') setTimeout(answer, SLOW_MS);
    else answer();
  };

  #answer(
    call: grpc.ServerWritableStream<ReadReq, ReadResp>,
    options: InstanceType<typeof ReadReq.Options>,
    stream: string,
    fault: Fault | undefined,
  ): void {
    const before = fault === 'stale' ? (this.log.all.at(-STALE_RECORDS)?.position ?? 0) : undefined;
    const events = options.hasAll()
      ? eventsOfAll(this.log, options, before)
      : eventsOfStream(this.log, options, stream, before);
    if (events === undefined) {
      call.write(notFoundAnswer(stream));
      call.end();
      return;
    }
    const whole = fault !== 'half' && fault !== 'cut';
    for (const event of whole ? events : events.slice(0, Math.ceil(events.length / 2))) call.write(eventAnswer(event));
    if (fault === 'half') setTimeout(() => this.breakConnections(), 20);
    else if (fault === 'cut') call.emit('error', refusal(status.UNAVAILABLE, 'Server Is Shutting Down'));
    else if (fault !== 'hang-after' && !this.#dropped(fault, 'drop-after')) call.end();
  }

  /** To all streams, with a filter: what is there, and a checkpoint behind it; then what comes, with a checkpoint now and then, as a server does. */
  #subscribe(
    call: grpc.ServerWritableStream<ReadReq, ReadResp>,
    options: InstanceType<typeof ReadReq.Options>,
    fault: Fault | undefined,
  ): void {
    call.write(confirmationAnswer('subscription'));
    this.subscriptions += 1;
    const fits = filterOf(options);
    const all = options.getAll();
    const at = all?.getPosition();
    let next =
      at === undefined
        ? all?.hasEnd() === true
          ? this.log.all.length
          : 0
        : this.log.firstFrom(Number(at.getCommitPosition()) + 1);
    const times = fault === 'double' ? 2 : 1;
    let unmarked = CHECKPOINT_EVERY;
    let left = fault === 'cut' ? CUT_AFTER : Number.POSITIVE_INFINITY;
    const deliver = (): void => {
      if (fault === 'deaf') return;
      const first = next;
      for (; next < this.log.all.length && left > 0; next += 1) {
        const event = this.log.all[next];
        if (event === undefined || !fits(event)) continue;
        for (let time = 0; time < times; time += 1) call.write(eventAnswer(event));
        left -= 1;
      }
      if (left === 0) return void call.emit('error', refusal(status.UNAVAILABLE, 'Server Is Shutting Down'));
      const last = this.log.all[next - 1];
      unmarked += next - first;
      if (next === first || last === undefined || unmarked < CHECKPOINT_EVERY) return;
      call.write(checkpointAnswer(last.position));
      unmarked = 0;
    };
    const onAppended = (): void => void setImmediate(deliver);
    this.changed.on('appended', onAppended);
    const end = (): void => {
      if (this.changed.listeners('appended').includes(onAppended)) this.subscriptions -= 1;
      this.changed.off('appended', onAppended);
    };
    call.on('cancelled', end);
    call.on('error', end);
    deliver();
  }

  #faultOf(call: Call): Fault | undefined {
    this.calls.push(call);
    return this.fault?.(call);
  }

  /** Whether the call will not be answered as it should. */
  #troubled(of: Call, _call: Answering): boolean {
    const fault = this.#faultOf(of);
    return fault === 'hang-before' || this.#dropped(fault, 'drop-before');
  }

  #dropped(fault: Fault | undefined, when: Fault): boolean {
    if (fault !== when) return false;
    this.breakConnections();
    return true;
  }

  #refused({ metadata }: Call, fault: Fault | undefined): ReturnType<typeof refusal> | undefined {
    const { leaderPort } = this.#options;
    const wantsLeader = metadata.get('requires-leader')[0] === 'true';
    if (fault === 'not-leader' || (leaderPort !== undefined && wantsLeader))
      return refusal(status.NOT_FOUND, 'Leader info available', 'not-leader', {
        'leader-endpoint-host': '127.0.0.1',
        'leader-endpoint-port': String(leaderPort ?? this.port),
      });
    if (fault === 'busy') return refusal(status.UNKNOWN, 'Server Is Too Busy');
    if (fault === 'not-ready') return refusal(status.UNAVAILABLE, 'Server Is Not Ready');
    if (fault === 'denied') return refusal(status.PERMISSION_DENIED, 'Access Denied', 'access-denied');
    return undefined;
  }
}

const exceptionOf = ({ code, metadata }: ReturnType<typeof refusal>): string =>
  code === status.ABORTED ? 'timeout' : String(metadata.get('exception')[0] ?? '');

interface Answering {
  readonly cancelled?: boolean;
}

const streamDeleted = (stream: string) =>
  refusal(status.FAILED_PRECONDITION, `Event stream '${stream}' is deleted.`, 'stream-deleted', {
    'stream-name': stream,
  });

const tooLarge = (most: number) =>
  refusal(status.INVALID_ARGUMENT, `Maximum Append Size of ${most} Exceeded.`, 'maximum-append-size-exceeded', {
    'maximum-append-size': String(most),
  });
