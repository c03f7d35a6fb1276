import { readFileSync } from 'node:fs';
import { EventStoreDBClient } from '@eventstore/db-client';
import type { ServerFeatures } from '@eventstore/db-client/dist/Client/ServerFeatures.js';
import gossipGrpc from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import gossipPb, { type MemberInfo } from '@eventstore/db-client/generated/gossip_pb.js';
import sharedPb from '@eventstore/db-client/generated/shared_pb.js';
import streamsGrpc from '@eventstore/db-client/generated/streams_grpc_pb.js';
import type { ReadReq, ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import { RepriseError, systemClock } from '@reprise/core/plugin';
import { ANY, type Appended, appendedOf, appendRequests } from './append.ts';
import { BatchStream } from './batch-stream.ts';
import type { ConnectionSettings } from './connection-string.ts';
import { type Proposed, sizeOf } from './mapping.ts';
import { isRefusal, NoAnswer } from './store-error.ts';

/** A larger append, in bytes, is a call of its own: servers take 4 MiB in one message. */
const MOST_SHARED = 2 * 1024 * 1024;
/** The deadline of an append in a batch is a time of day, for the server's clock; that is allowed to be wrong by so much, in ms. Ours counts. */
const SKEW_MS = 3_600_000;
/** How long it may take to end, in ms. */
const END_MS = 1000;
/** For how long appends go alone after one of the shared stream failed, in ms. */
const ALONE_MS = 5000;

/** A node of a cluster. */
export interface Node {
  /** host:port. */
  readonly address: string;
  /** As the protocol calls it, in lower case: leader, follower, readonlyreplica … */
  readonly state: string;
  readonly alive: boolean;
}

export interface Follower {
  onEvent(event: ReadResp): void;
  /** The subscription ended, by an error or because the server closed it. Called once; not after cancel(). */
  onEnd(error: unknown): void;
}

/**
 * The client, as far as it is sound: it finds the node (gossip, TLS, credentials), keeps the channel, and opens another when that is lost or
 * the node is not the leader. The calls are made here, on its generated code, each with a deadline of its own: the client's appends share one
 * map over all connections of the process, may hang for ever, and end the process when an answer comes that they do not wait for (ADR 14).
 */
export class Connection extends EventStoreDBClient {
  #used = false;
  #batch: BatchStream | undefined;
  #opening: Promise<BatchStream> | undefined;
  /** Until when every append is a call of its own, in ms since the Unix epoch. */
  #aloneUntil = 0;

  constructor(settings: ConnectionSettings) {
    const { tls, tlsCAFile, userCertFile, userKeyFile, credentials } = settings;
    super(
      clientSettings(settings),
      {
        insecure: !tls,
        ...certificate('rootCertificate', tls ? tlsCAFile : undefined),
        ...certificate('userCertFile', tls ? userCertFile : undefined),
        ...certificate('userKeyFile', tls ? userKeyFile : undefined),
      },
      credentials,
    );
    // It looks at the channel that is being opened, and nobody waits for it: when no node is found, that would end the process.
    const { handleError } = this as unknown as { handleError(...about: readonly unknown[]): Promise<void> };
    const handled = (...about: readonly unknown[]): Promise<void> => handleError(...about).catch(() => undefined);
    Object.assign(this, { handleError: handled });
  }

  /**
   * Appends all or nothing. Rejects with what gRPC, or the search for a node, failed with, or with NoAnswer.
   *
   * Many appends share one stream, at a third of the cost of a call each. While something is wrong each is a call of its own: that tells what it is,
   * and who leads, where a stream only breaks.
   */
  async appendEvents(
    stream: string,
    events: readonly Proposed[],
    expected: number | typeof ANY,
    deadlineMs: number,
  ): Promise<Appended> {
    const size = events.reduce((sum, one) => sum + sizeOf(one), 0);
    if (expected === ANY || size > MOST_SHARED || systemClock.now() < this.#aloneUntil)
      return this.#appendAlone(stream, events, expected, deadlineMs);
    try {
      return await this.#inTime(deadlineMs, async (onLate) => {
        const batch = await this.#sharedStream();
        return batch.append(stream, events, expected, new Date(systemClock.now() + deadlineMs + SKEW_MS), onLate);
      });
    } catch (error) {
      if (!isRefusal(error)) {
        this.#aloneUntil = systemClock.now() + ALONE_MS;
        this.#batch?.leave();
        this.#batch = undefined;
      }
      throw error;
    }
  }

  #appendAlone(
    stream: string,
    events: readonly Proposed[],
    expected: number | typeof ANY,
    deadlineMs: number,
  ): Promise<Appended> {
    const requests = appendRequests(stream, events, expected);
    return this.#inTime(deadlineMs, (onLate) =>
      this.execute(
        streamsGrpc.StreamsClient,
        'append',
        (client) =>
          new Promise<Appended>((resolve, reject) => {
            const call = client.append(
              ...this.callArguments({ requiresLeader: true, deadline: deadlineMs }),
              (error, answer) => (error === null ? resolve(appendedOf(answer)) : reject(error)),
            );
            onLate(() => call.cancel());
            call.on('error', reject);
            for (const request of requests) call.write(request);
            call.end();
          }),
      ),
    );
  }

  async #sharedStream(): Promise<BatchStream> {
    if (this.#batch?.open !== true) {
      this.#opening ??= this.#openStream().finally(() => {
        this.#opening = undefined;
      });
      this.#batch = await this.#opening;
    }
    return this.#batch;
  }

  async #openStream(): Promise<BatchStream> {
    const call = await this.GRPCStreamCreator(streamsGrpc.StreamsClient, 'appends', (client) =>
      client.batchAppend(...this.callArguments({ requiresLeader: true }, { deadline: Number.POSITIVE_INFINITY })),
    )();
    return new BatchStream(call);
  }

  /**
   * Reads what `request` asks for, until the server has no more or `take` says that it is enough. Resolves to whether the server had no more;
   * to undefined when there is no such stream.
   */
  readEvents(request: ReadReq, deadlineMs: number, take: (answer: ReadResp) => boolean): Promise<boolean | undefined> {
    return this.#inTime(deadlineMs, async (onLate) => {
      const call = await this.GRPCStreamCreator(streamsGrpc.StreamsClient, 'read', (client) =>
        client.read(request, ...this.callArguments({ requiresLeader: true, deadline: deadlineMs })),
      )();
      onLate(() => call.cancel());
      return new Promise<boolean | undefined>((resolve, reject) => {
        call.on('error', reject);
        call.on('end', () => resolve(true));
        call.on('data', (answer: ReadResp) => {
          if (answer.hasStreamNotFound()) return resolve(undefined);
          try {
            if (take(answer)) return;
            resolve(false);
          } catch (error) {
            reject(error as Error);
          }
          call.cancel();
        });
      });
    });
  }

  /** Subscribes; returns what ends the subscription. Events come until it ends. */
  follow(request: ReadReq, follower: Follower): () => void {
    let cancelled = false;
    let cancel = (): void => undefined;
    const end = (error: unknown): void => {
      if (!cancelled) follower.onEnd(error);
      cancelled = true;
    };
    this.#used = true;
    const opened = this.GRPCStreamCreator(streamsGrpc.StreamsClient, 'follow', (client) =>
      client.read(request, ...this.callArguments({}, { deadline: Number.POSITIVE_INFINITY })),
    )();
    opened.then((call) => {
      cancel = () => call.cancel();
      call.on('error', end);
      call.on('end', () => end(new Error('the server closed the subscription')));
      call.on('data', (answer: ReadResp) => {
        if (!cancelled) follower.onEvent(answer);
      });
      if (cancelled) cancel();
    }, end);
    return () => {
      cancelled = true;
      cancel();
    };
  }

  /** What the node says of itself. */
  serverVersion(deadlineMs: number): Promise<string> {
    return this.#inTime(deadlineMs, async () => ((await this.capabilities) as ServerFeatures).serverVersion);
  }

  /** The nodes of the cluster, as the one that is connected to knows them. */
  nodes(deadlineMs: number): Promise<readonly Node[]> {
    return this.#inTime(deadlineMs, () =>
      this.execute(
        gossipGrpc.GossipClient,
        'nodes',
        (client) =>
          new Promise<readonly Node[]>((resolve, reject) => {
            const [metadata, options] = this.callArguments({ deadline: deadlineMs });
            client.read(new sharedPb.Empty(), metadata, options, (error, info) =>
              error === null ? resolve(info.getMembersList().map(nodeOf)) : reject(error),
            );
          }),
      ),
    );
  }

  /** Ends all that is under way. */
  async end(): Promise<void> {
    if (!this.#used) return;
    await this.dispose();
    const closed = this.getChannel().then(
      (channel) => channel.close(),
      () => undefined,
    );
    // A node that is still looked for is not waited for; what is found then is closed.
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = systemClock.schedule(END_MS, resolve);
    await Promise.race([closed, late]);
    timer.cancel();
  }

  /** The client may wait for ever for a node, and a deadline of gRPC begins when there is one. */
  #inTime<T>(deadlineMs: number, work: (onLate: (cancel: () => void) => void) => Promise<T>): Promise<T> {
    this.#used = true;
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    let late = false;
    let cancel: (() => void) | undefined;
    const timer = systemClock.schedule(deadlineMs, () => {
      late = true;
      reject(new NoAnswer(deadlineMs));
      cancel?.();
    });
    const onLate = (own: () => void): void => {
      cancel = own;
      if (late) own();
    };
    work(onLate)
      .then(resolve, reject)
      .finally(() => timer.cancel());
    return promise;
  }
}

type ClientSettings = ConstructorParameters<typeof EventStoreDBClient>[0];

function clientSettings(settings: ConnectionSettings): ClientSettings {
  const { discover, hosts, tls: _tls, credentials: _credentials, defaultDeadline: _deadline, ...more } = settings;
  const {
    nodePreference,
    maxDiscoverAttempts,
    discoveryInterval,
    gossipTimeout,
    keepAliveInterval,
    keepAliveTimeout,
    connectionName,
  } = more;
  const [first] = hosts;
  const cluster = { nodePreference, maxDiscoverAttempts, discoveryInterval, gossipTimeout };
  const channel = { keepAliveInterval, keepAliveTimeout, connectionName };
  const given = discover
    ? { discover: first, ...cluster }
    : hosts.length > 1
      ? { endpoints: hosts, ...cluster }
      : { endpoint: first };
  const all = Object.entries({ ...given, ...channel }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(all) as unknown as ClientSettings;
}

function certificate(name: string, path: string | undefined): Record<string, Buffer> {
  if (path === undefined) return {};
  try {
    return { [name]: readFileSync(path) };
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new RepriseError('REPRISE_CONFIG_INVALID', `The certificate file ${path} cannot be read (${code}).`, {
      cause,
    });
  }
}

function nodeOf(member: MemberInfo): Node {
  const place = member.getHttpEndPoint();
  const [name = 'unknown'] =
    Object.entries(gossipPb.MemberInfo.VNodeState).find(([, state]) => state === member.getState()) ?? [];
  return {
    address: `${place?.getAddress()}:${place?.getPort()}`,
    state: name.toLowerCase(),
    alive: member.getIsAlive(),
  };
}
