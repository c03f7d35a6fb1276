// Shared fixtures of the runtime tests (in progress).
export {};
