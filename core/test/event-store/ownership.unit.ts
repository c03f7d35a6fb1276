import { ownershipConformance } from '@reprise/conformance';
import { createInMemoryStorage } from '@reprise/core';
import { SoleOwnership } from '../../src/orchestration/runtime/ownership/sole-ownership.ts';

// A storage that nobody else can reach has no ownership of its own: this is what it is driven with.
ownershipConformance('sole', {
  create: async () => {
    const { ownership = new SoleOwnership() } = createInMemoryStorage();
    return { ownership, close: () => ownership.stop() };
  },
});
