import { isIP } from 'node:net';
import { Args, Flags } from '@oclif/core';
import { usageError } from './errors/usage-error.ts';
import { FORMATS } from './output/formats.ts';

export const configFlag = {
  config: Flags.string({
    char: 'c',
    description:
      'The configuration file. Default: the nearest reprise.config.{ts,mts,js,mjs,yaml,yml,json}, from here upwards.',
    env: 'REPRISE_CONFIG',
    helpGroup: 'GLOBAL',
    helpValue: 'FILE',
  }),
};

/** For commands that list or show something: they say in `rows` what. */
export const formatFlag = {
  format: Flags.string({
    description: 'Print data: JSON as --json does, YAML, the ids alone (one a line, for pipes), or CSV with a head.',
    options: [...FORMATS],
    exclusive: ['json'],
    helpGroup: 'GLOBAL',
  }),
};

/** For commands that read or steer runs. */
export const storeFlags = {
  ...configFlag,
  store: Flags.string({
    char: 's',
    description: 'The SQLite store to use, whatever the configuration says.',
    env: 'REPRISE_STORE',
    helpGroup: 'GLOBAL',
    helpValue: 'PATH',
  }),
};

/** For commands about the topics of a transport. */
export const topicFlags = {
  ...configFlag,
  agent: Flags.string({
    char: 'a',
    description: 'An agent that the configuration does not name. May be given several times.',
    helpValue: 'NAME',
    multiple: true,
  }),
};

export const runArgument = {
  run: Args.string({
    description: 'Run id, any unique beginning of it, or `last` for the newest run.',
    required: true,
  }),
};

/** For commands about one task of a run. */
export const taskArguments = {
  ...runArgument,
  task: Args.string({
    description: 'The task, by its path: `pay`, `book/pay` in a block, `inspect[12]` of a list.',
    required: true,
  }),
};

/** For commands about one form. */
export const formArguments = {
  ...runArgument,
  task: Args.string({ description: 'Id of the task that is the form, as `form list` shows it.', required: true }),
};

/** For commands about who may open the dashboard. */
export const tokenFileFlag = {
  file: Flags.string({ char: 'f', description: 'The file of tokens.', required: true, helpValue: 'FILE' }),
};

/** Nothing is no reason. Throws REPRISE_USAGE. */
async function aReason(given: string): Promise<string> {
  if (given.trim() !== '') return given;
  throw usageError(
    '--reason is empty. Say --reason TEXT, which is put on record, or leave it out where it is not needed.',
  );
}

/** Who does it, and why: for every command that changes a run. */
export const whoFlags = {
  by: Flags.string({ description: 'Who says so: it is put on record.', helpValue: 'NAME' }),
  reason: Flags.string({ description: 'Why: it is put on record.', helpValue: 'TEXT', parse: aReason }),
};

/** For what a person says about a form, or to a task. */
export const answerFlags = {
  ...whoFlags,
  'request-id': Flags.string({
    description: 'Makes it idempotent: the same id again changes nothing.',
    helpValue: 'ID',
  }),
};

/** For a message that a person or a script sends. */
export const messageFlags = {
  data: Flags.string({
    char: 'd',
    description: 'What it says, as JSON; `@FILE` is a file with JSON, `-` is stdin. Default: null',
    helpValue: 'JSON',
  }),
  type: Flags.string({ description: 'What it is about, in words that whoever takes it knows.', helpValue: 'TEXT' }),
  performative: Flags.string({
    description: 'What it does: inform, request, query, agree, refuse, failure… Default: inform',
    helpValue: 'WORD',
  }),
  conversation: Flags.string({
    description: 'The conversation that it is part of; that of the message that it answers has to be named, too.',
    helpValue: 'ID',
  }),
  'in-reply-to': Flags.string({
    description: 'The message that it answers, as `run messages` shows it.',
    helpValue: 'MESSAGE',
  }),
  expires: Flags.string({
    description: 'How long anybody may take to take it (30s, 5m). Then it is a dead letter.',
    helpValue: 'DURATION',
  }),
  drop: Flags.boolean({
    description: 'What has expired is only noted: it is no dead letter.',
    dependsOn: ['expires'],
  }),
  from: Flags.string({
    description: 'The name of the sender, which is that of no task of the run. Default: --by, else outside',
    helpValue: 'NAME',
  }),
  ...answerFlags,
};

/** For commands about a mailbox of no run. */
export const mailboxArguments = {
  name: Args.string({
    description: 'The name of the mailbox: `desk`, or as it is addressed, `@desk`.',
    required: true,
  }),
};

export const tenantFlag = {
  tenant: Flags.string({
    description: 'On whose behalf the mailbox is: each tenant has its own. Default: that of none.',
    helpValue: 'TENANT',
  }),
};

const MESSAGE = 'Id of the dead letter, as `dead-letter list` shows it.';

/** For commands about one dead letter. */
export const deadLetterArguments = { ...runArgument, message: Args.string({ description: MESSAGE, required: true }) };

/** For commands about some dead letters of a run. Beyond the first, they are taken from argv. */
export const deadLettersArguments = {
  run: Args.string({ description: `${runArgument.run.description ?? ''} Or --query.` }),
  message: Args.string({ description: `${MESSAGE} May be given several times.` }),
};

/** For what a person does with dead letters. */
export const settlingFlags = {
  by: whoFlags.by,
  reason: Flags.string({ description: 'Why: it is put on record.', helpValue: 'TEXT', required: true, parse: aReason }),
};

export const manyDeadLettersFlags = {
  query: Flags.string({
    char: 'q',
    description:
      'Every open one that fits, in whatever run, instead: see docs/reference/queries.md. Fields: run, workflow, tenant, label.KEY, message, mailbox, toRun, from, fromRun, subject, performative, code, since, deliveries, status.',
    helpValue: 'QUERY',
    helpGroup: 'MANY DEAD LETTERS',
  }),
  yes: Flags.boolean({ char: 'y', description: 'Do not ask.', helpGroup: 'MANY DEAD LETTERS' }),
  'dry-run': Flags.boolean({ description: 'Only say which it would be.', helpGroup: 'MANY DEAD LETTERS' }),
};

/** For commands that take a run, or a query for many. */
export const runOrQueryArgument = {
  run: Args.string({
    description:
      'Run id, any unique beginning of it, or `last` for the newest run; `-` for ids on stdin, one a line. Or --query.',
  }),
};

export const bulkFlags = {
  query: Flags.string({
    char: 'q',
    description: 'Every run that fits, instead of one, for a --reason: see docs/reference/queries.md.',
    helpValue: 'QUERY',
    helpGroup: 'MANY RUNS',
  }),
  yes: Flags.boolean({ char: 'y', description: 'Do not ask.', helpGroup: 'MANY RUNS' }),
  'dry-run': Flags.boolean({
    description: 'Only say which runs it would be.',
    helpGroup: 'MANY RUNS',
  }),
};

/** For commands that delete runs. */
export const deletingFlags = { ...bulkFlags, ...whoFlags };

export const olderThanFlag = {
  'older-than': Flags.string({
    description: 'Only what ended so long ago, or longer.',
    helpValue: 'DURATION',
    helpGroup: 'MANY RUNS',
  }),
};

const RAISE = {
  description: 'By how much a budget of the run, or of a block of it, is raised. May be given several times.',
  helpValue: '[BLOCK=]KIND=+N',
  multiple: true,
  multipleNonGreedy: true,
} as const;

export const raiseFlag = Flags.string(RAISE);
export const requiredRaiseFlag = Flags.string({ ...RAISE, required: true });

export const outcomeFlag = ({ aliases = [] as string[], more = '' } = {}) =>
  Flags.string({
    description: `What a task gave: it is not done again, and everything after it is done anew. May be given several times.${more}`,
    helpValue: 'TASK=JSON',
    multiple: true,
    multipleNonGreedy: true,
    aliases,
  });

/** For commands that make a run which goes on from another. */
export const goOnFlags = {
  again: Flags.string({
    description: 'An at-most-once task that may be done again, after a look outside. May be given several times.',
    helpValue: 'TASK',
    multiple: true,
    multipleNonGreedy: true,
  }),
  outcome: outcomeFlag(),
  id: Flags.string({ description: 'Id of the new run. Default: a new one.', helpValue: 'ID' }),
  ...whoFlags,
  wait: Flags.boolean({ char: 'w', description: 'Drive the run here, and wait for its end.', exclusive: ['follow'] }),
  follow: Flags.boolean({ char: 'f', description: 'Drive the run here, and show it while it goes on.' }),
};

/** For commands that go on until they are stopped. */
export const logFlags = {
  log: Flags.option({
    description: 'The least level that is logged.',
    default: 'info' as const,
    options: ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const,
  })(),
  'log-format': Flags.option({
    description: 'How it is logged: json, text for people, or auto: text on a terminal, JSON elsewhere.',
    default: 'auto' as const,
    options: ['auto', 'json', 'text'] as const,
  })(),
};

/** For commands that somebody supervises. */
export const healthFlags = {
  'health-port': Flags.integer({
    description: 'Serve GET /livez and GET /readyz, and nothing else, on this port. 0: any that is free.',
    min: 0,
    max: 65_535,
    helpValue: 'N',
    helpGroup: 'PROBES',
  }),
  'health-host': Flags.custom<string>({
    description:
      'The address of this machine to serve them on; 0.0.0.0: all. There is no password before them. Default: 127.0.0.1',
    helpValue: 'ADDRESS',
    dependsOn: ['health-port'],
    helpGroup: 'PROBES',
    parse: async (given) => {
      if (isIP(given) !== 0) return given;
      throw usageError(`--health-host is ${JSON.stringify(given)}, which is no IP address`, {
        fix: 'Name an address of this machine, or 0.0.0.0 for all that it has.',
      });
    },
  })(),
};
