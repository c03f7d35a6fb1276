import { createInProcessTransport, type RepriseConfig, systemClock, type Transport } from '@reprise/core';
import type { TransportSubscription } from '@reprise/core/plugin';
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
  const dead = new Set<string>();

  const connect = (name: string): Transport => {
    const own: TransportSubscription[] = [];
    const owner = ownership.of(name);
    stops.set(name, async () => {
      dead.add(name);
      // What its handlers do is not waited for: they are no more.
      void Promise.all(own.splice(0).map((subscription) => subscription.close()));
      await owner.stop();
    });
    return {
      durable: true,
      spans: true,
      ownership: owner,
      start: () => shared.start(),
      publish: async (messages) => (dead.has(name) ? undefined : shared.publish(messages)),
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

  const open = (name: string, agents: NonNullable<RepriseConfig['agents']>) => {
    const view = viewOf(name);
    const { append } = view.events;
    const lives = changedStore(
      view,
      // What a killed process would append it never does.
      { append: (...request) => (dead.has(name) ? new Promise(() => undefined) : append(...request)) },
      { partitioned: true },
    );
    return start({ ...config, plugins: [storePlugin(lives), transportPlugin(connect(name))], agents });
  };
  /** As kill -9: nothing more comes from it, and its runs fall to others. */
  const kill = async (name: string): Promise<void> => stops.get(name)?.();
  /** A run that falls to that one, while all of these compete. */
  const runOf = (name: string, among: readonly string[], prefix = 'r'): string =>
    Array.from({ length: 200 }, (_, n) => `${prefix}-${n}`).find((id) => byHash()(id, among) === name) ?? '';
  return { ownership, storage, open, kill, runOf };
}
