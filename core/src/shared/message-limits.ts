/** Characters of the type of a message, of its key, of the name of a conversation, or that a program gives itself. */
export const MAX_NAME_CHARS = 256;

/** The longest that anything of a message may take, in ms: 366 days. */
export const MAX_MESSAGE_MS = 366 * 24 * 60 * 60 * 1000;

/** How often a message is delivered, unless its mailbox says otherwise. */
export const DEFAULT_DELIVERIES = 5;

/** Mailboxes that one message goes to when it is published, at the most. */
export const MAX_SUBSCRIBERS = 1_000;

/** The mailbox of dead letters that each run has. */
export const DEAD_LETTERS = '#dead-letters';

/** The most messages that a mailbox may be said to take. */
export const MAX_MAILBOX_LIMIT = 100_000;
