import { Args, Flags } from '@oclif/core';
import { RepriseCommand } from '../../base-command.ts';
import { configFlag } from '../../flags.ts';

export default class PluginsInstall extends RepriseCommand {
  static override summary = 'Install a plugin into the project.';
  static override description =
    'Shows what the package says of itself, asks, checks its options, installs it by npm without running its scripts, and writes it to reprise.plugins.json beside the configuration, with its exact version and integrity. Then it is loaded as a start would load it. When anything fails, everything is put back. What a package says is not enforced.';
  static override examples = [
    {
      description: 'From the registry, with an option',
      command: "<%= config.bin %> plugins install @acme/reprise-monitor-slack --option channel='#runs'",
    },
    { description: 'A tarball, in a script', command: '<%= config.bin %> plugins install ./monitor-1.0.0.tgz --yes' },
    {
      description: 'A secret from the environment',
      command: `<%= config.bin %> plugins install ./monitor --option 'token={"env":"SLACK_TOKEN"}'`,
    },
  ];
  static override args = {
    spec: Args.string({ description: 'A package (name, name@version), a tarball, or a folder.', required: true }),
  };
  static override flags = {
    ...configFlag,
    option: Flags.string({
      char: 'o',
      description:
        'An option of the plugin: JSON where it parses, else text. A dot goes into an object. May be given several times.',
      helpValue: 'KEY=VALUE',
      multiple: true,
      multipleNonGreedy: true,
    }),
    options: Flags.string({ description: 'Options as a JSON object.', helpValue: 'JSON' }),
    'options-file': Flags.string({ description: 'Options from a JSON file.', helpValue: 'FILE' }),
    export: Flags.string({
      description: 'Which export is the plugin, where its package has several.',
      helpValue: 'NAME',
    }),
    'no-package': Flags.boolean({
      description: 'Only write the entry: the package is there already, by another package manager.',
    }),
    yes: Flags.boolean({
      char: 'y',
      description: 'Do not ask whether to install it, nor for options that may be left out.',
    }),
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(PluginsInstall);
    const { installPlugin } = await import('../../plugins/install-plugin.ts');
    process.exitCode = await installPlugin(args.spec, flags, this.terminal(flags.json, 'go-on'));
  }
}
