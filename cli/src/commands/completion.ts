import { Args, Flags } from '@oclif/core';
import { RepriseCommand } from '../base-command.ts';
import { SHELLS } from '../completion/scripts.ts';

export default class Completion extends RepriseCommand {
  static override summary = 'Completion for a shell: commands, flags, ids of runs, names.';
  static override description =
    'Prints a script that a shell runs when it starts. From then on, the tab key offers commands, flags and their values, and, from the store and the project of the current folder, ids of runs, tasks, signals that are waited for, mailboxes, workflows, agents and views.';
  static override examples = [
    { description: 'bash, in ~/.bashrc', command: 'source <(<%= config.bin %> completion bash)' },
    { description: 'zsh, in ~/.zshrc, after compinit', command: 'source <(<%= config.bin %> completion zsh)' },
    {
      description: 'fish, once',
      command: '<%= config.bin %> completion fish > ~/.config/fish/completions/reprise.fish',
    },
    { description: 'What is offered', command: "<%= config.bin %> completion --suggest -- run show ''" },
  ];
  /** With --suggest, the words of a command line follow. */
  static override strict = false;
  static override args = { shell: Args.string({ description: `One of ${SHELLS.join(', ')}.` }) };
  static override flags = {
    suggest: Flags.boolean({
      description: 'Print what may stand in the place of the last word after --, one a line: for the script.',
    }),
  };

  override async run(): Promise<void> {
    const { argv, flags } = await this.parse(Completion);
    const { printCompletion } = await import('../completion/print-completion.ts');
    const commands = this.config.commands.map(({ id, hidden, args, flags: known }) => ({
      id,
      hidden,
      args,
      flags: known,
    }));
    await printCompletion(argv.map(String), flags, commands, this.terminal(flags.json));
  }
}
