import { eventStoreConformance } from '@reprise/conformance';
import { createInMemoryStorage } from '@reprise/core';

eventStoreConformance('in-memory', { create: async () => createInMemoryStorage() });
