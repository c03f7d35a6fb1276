import { Args, Flags } from '@oclif/core';
import { RepriseCommand } from '../../base-command.ts';
import { formatFlag, storeFlags } from '../../flags.ts';

export default class AgentMessages extends RepriseCommand {
  static override rows = { list: 'messages', id: ['runId', 'message'] };
  static override summary = 'What an agent sent, and had, in whatever run.';
  static override description =
    'Messages that attempts of the agent sent, and those that were delivered to one, of the newest runs, and what became of each. Reads the store only, and works while another process drives.';
  static override examples = [
    { description: 'Of the newest runs', command: '<%= config.bin %> agent messages writer' },
    {
      description: 'With what they say, in some runs',
      command: "<%= config.bin %> agent messages writer --query 'workflow:letter started>=-1h' --data",
    },
  ];
  static override args = { agent: Args.string({ description: 'Name of the agent.', required: true }) };
  static override flags = {
    ...storeFlags,
    ...formatFlag,
    query: Flags.string({
      char: 'q',
      description: 'Only in runs that fit: see docs/reference/queries.md.',
      helpValue: 'QUERY',
    }),
    data: Flags.boolean({ description: 'What they say, too.' }),
    runs: Flags.integer({
      description: 'Runs that are read at most, the newest first.',
      default: 100,
      min: 1,
      max: 10_000,
    }),
    limit: Flags.integer({ char: 'n', description: 'Messages at most.', default: 100, min: 1, max: 10_000 }),
  };

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(AgentMessages);
    const { agentMessages } = await import('../../agents/agent-messages.ts');
    await agentMessages(args.agent, flags, this.terminal(flags));
  }
}
