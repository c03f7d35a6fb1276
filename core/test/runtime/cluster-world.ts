import {
  type AnyPlugin,
  createInProcessTransport,
  type RepriseConfig,
  systemClock,
  type Transport,
} from '@reprise/core';
import type { Ownership, OwnershipChange, TransportSubscription } from '@reprise/core/plugin';
import { changedStore, type orchestrators, sharedStore, storePlugin, transportPlugin } from './support.ts';
import { byHash, TestOwnership } from './test-ownership.ts';

type Start = ReturnType<typeof orchestrators>['start'];

/** Several orchestrators, each as a process of its own would be, over one store and one transport in memory. */
export async function clusterWorld(start: Start, config: Omit<RepriseConfig, 'plugins' | 'agents'> = {}) {
  const ownership = new TestOwnership(byHash());
  const shared = createInProcessTransport(systemClock);
  await shared.start();
  const never = new TestOwnership(() => undefined);
  const { storage, viewOf } = sharedStore((name) => never.of(name));
  const stops = new Map<string, () => Promise<void>>();
  const leave = new Map<string, () => void>();
  const thawed = new Map<string, () => void>();
  const dead = new Set<string>();
  /** Those that stand still, until when. */
  const still = new Map<string, PromiseWithResolvers<void>>();

  /** While a process stands still it hears nothing, and takes itself for what it was. */
  const standing = (name: string, owner: Ownership): Ownership => {
    const heard = new Set<(change: OwnershipChange) => void>();
    const owned = new Set<string>();
    thawed.set(name, () => {
      for (const listener of heard) listener({ gained: false, lost: true });
    });
    return {
      ...owner,
      owns: (runId) => {
        if (still.has(name)) return owned.has(runId);
        const owns = owner.owns(runId);
        if (owns) owned.add(runId);
        return owns;
      },
      onChange: (listener) => {
        heard.add(listener);
        return owner.onChange((change) => {
          if (!still.has(name)) listener(change);
        });
      },
    };
  };

  const connect = (name: string): Transport => {
    const own: TransportSubscription[] = [];
    const owner = standing(name, ownership.of(name));
    // What its handlers do is not waited for: they are no more.
    leave.set(name, () => void Promise.all(own.splice(0).map((subscription) => subscription.close())));
    stops.set(name, async () => {
      dead.add(name);
      leave.get(name)?.();
      await owner.stop();
    });
    return {
      durable: true,
      spans: true,
      ownership: owner,
      start: () => shared.start(),
      publish: async (messages) => {
        await still.get(name)?.promise;
        return dead.has(name) ? undefined : shared.publish(messages);
      },
      subscribe: async (...request) => {
        const subscription = await shared.subscribe(...request);
        own.push(subscription);
        return subscription;
      },
      stop: async () => {
        await Promise.all(own.splice(0).map((subscription) => subscription.close()));
      },
    };
  };

  const pluginsOf = (name: string): AnyPlugin[] => {
    const view = viewOf(name);
    const { append } = view.events;
    const lives = changedStore(
      view,
      // What a killed process would append it never does.
      {
        append: async (...request) => {
          await still.get(name)?.promise;
          return dead.has(name) ? new Promise(() => undefined) : append(...request);
        },
      },
      { partitioned: true },
    );
    return [storePlugin(lives), transportPlugin(connect(name))];
  };
  const open = (name: string, agents: NonNullable<RepriseConfig['agents']>, more: Partial<RepriseConfig> = {}) =>
    start({ ...config, ...more, plugins: pluginsOf(name), agents });
  /** As kill -9: nothing more comes from it, and its runs fall to others. */
  const kill = async (name: string): Promise<void> => stops.get(name)?.();
  /** As kill -STOP, for longer than a session: others have its runs. Whatever it was about to append comes when the function is called that is returned. */
  const stall = async (name: string): Promise<() => void> => {
    const until = Promise.withResolvers<void>();
    still.set(name, until);
    leave.get(name)?.();
    ownership.reassign((runId, competing) =>
      byHash()(
        runId,
        competing.filter((one) => one !== name),
      ),
    );
    return () => {
      still.delete(name);
      until.resolve();
      // It acts for a moment before it hears of it.
      setTimeout(() => thawed.get(name)?.(), 50);
    };
  };
  /** A run that falls to that one, while all of these compete. */
  const runOf = (name: string, among: readonly string[], prefix = 'r'): string =>
    Array.from({ length: 200 }, (_, n) => `${prefix}-${n}`).find((id) => byHash()(id, among) === name) ?? '';
  return { ownership, storage, shared, pluginsOf, open, kill, stall, runOf };
}
