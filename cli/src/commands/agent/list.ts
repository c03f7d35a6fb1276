import { Flags } from '@oclif/core';
import { RepriseCommand } from '../../base-command.ts';
import { formatFlag, storeFlags } from '../../flags.ts';

export default class AgentList extends RepriseCommand {
  static override rows = { list: 'agents', id: ['name'] };
  static override summary = 'List agents: what they can do, and how they do.';
  static override description =
    'Agents of the project, and those that attempts were handed to: capabilities, whether each is ready, rests because it failed too often, or is being tried again, what it has in hand, and its last failure. From the configuration and the store: it needs no process that drives, and what only that one knows, who could take more, is not told.';
  static override examples = [
    { description: 'All of them', command: '<%= config.bin %> agent list' },
    {
      description: 'Those that rest',
      command: `<%= config.bin %> agent list --json | jq -r '.agents[] | select(.state == "rested") | [.name, .restedUntil] | @tsv'`,
    },
  ];
  static override flags = {
    ...formatFlag,
    ...storeFlags,
    capability: Flags.string({ description: 'Only those that have it.', helpValue: 'NAME' }),
  };

  override async run(): Promise<void> {
    const { flags } = await this.parse(AgentList);
    const { listAgents } = await import('../../agents/list-agents.ts');
    await listAgents(flags, this.terminal(flags));
  }
}
