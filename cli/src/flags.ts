import { Args, Flags } from '@oclif/core';

export const configFlag = {
  config: Flags.string({
    char: 'c',
    description:
      'The configuration file. Default: the nearest reprise.config.{ts,js,mjs,yaml,yml,json}, from here upwards.',
    env: 'REPRISE_CONFIG',
    helpGroup: 'GLOBAL',
    helpValue: 'FILE',
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

export const runArgument = {
  run: Args.string({
    description: 'Run id, any unique beginning of it, or `last` for the newest run.',
    required: true,
  }),
};
