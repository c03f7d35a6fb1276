import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CONFORMANCE_SUITES } from '@reprise/conformance';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { declarationOf, exportsOf, membersOf } from './support/declarations.ts';
import { ROOT } from './support/tools.ts';

// Whoever writes an agent, a workflow or a plugin needs no `.d.ts`: whatever those declare is named, as code, on the page that it belongs to.

const CORE = 'core/src';
const pageText = (page: string): string => readFileSync(join(ROOT, 'docs', page), 'utf8');

/** What stands in code in the prose of a page. An example names much, and explains nothing. */
const codeOn = (page: string): string =>
  [
    ...pageText(page)
      .replace(/^```[\s\S]*?^```/gm, '')
      .matchAll(/`[^`\n]+`/g),
  ]
    .map(([code]) => code)
    .join('\n');

const unnamed = (names: readonly string[], ...pages: readonly string[]): readonly string[] => {
  const code = pages.map(codeOn).join('\n');
  return names.filter((name) => !new RegExp(`(?<![\\w])${name}(?![\\w])`).test(code));
};

/** By page: the declarations whose members are all named on it. */
const DECLARED: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  'agents.md': {
    'agent/agent.ts': ['Agent', 'AgentTask', 'AgentContext', 'AgentLogger'],
    'agent/messages.ts': ['Messages', 'SendOptions', 'RequestOptions', 'ReceiveOptions', 'NackOptions'],
    'shared/received-message.ts': ['ReceivedMessage', 'Wanted'],
    'shared/errors.ts': ['ErrorData'],
  },
  'reference/typescript.md': {
    'definition/builder/options.ts': [
      'RetryOption',
      'TimeoutOption',
      'PlainTaskOptions',
      'TaskScope',
      'ItemScope',
      'StartOptions',
      'StandInOptions',
      'MutexOption',
      'CompensateOption',
      'TaskOptions',
      'WorkflowOptions',
      'ErrorScope',
    ],
    'definition/builder/entered-options.ts': [
      'EnteredOptions',
      'InputOption',
      'ChildOptions',
      'SignalOption',
      'FormOption',
      'SleepOption',
      'CaseOption',
      'RaiseOption',
      'MessageOption',
      'ToOption',
      'TopicOption',
      'SaidOption',
    ],
    'orchestration/runtime/program-messages.ts': [
      'ProgramMessages',
      'Whereto',
      'ProgramRequestOptions',
      'TakeOptions',
      'TakenMessage',
    ],
    'definition/builder/block-options.ts': ['CatchClause', 'LoopOption', 'ScopeOptions'],
    'definition/workflow.ts': ['Workflow'],
    'container/config.ts': ['RepriseConfig'],
    'orchestration/runtime/run-starts.ts': ['StartRunOptions', 'RetryRunOptions', 'ForkRunOptions'],
    'orchestration/runtime/run-handle.ts': [
      'RunHandle',
      'RunOutcome',
      'RunStuck',
      'OutcomeOptions',
      'CancelOptions',
      'AddTasksOptions',
    ],
    'orchestration/runtime/steering.ts': ['CommandOptions'],
    'orchestration/runtime/run-hold.ts': ['RunHold'],
    'orchestration/runtime/orchestrator.ts': ['Orchestrator'],
    'orchestration/runtime/agent-directory.ts': ['AgentPresence'],
    'orchestration/reading/run-reader.ts': ['RunReader', 'HistoryEntry'],
    'orchestration/reading/run-list.ts': ['RunQuery'],
  },
  'ports.md': {
    'event-store/event-store.ts': [
      'EventMetadata',
      'NewEvent',
      'RecordedEvent',
      'StreamSummary',
      'AppendOptions',
      'AppendResult',
      'ReadOptions',
      'EventPage',
      'ReadAllOptions',
      'SubscriptionCallbacks',
      'SubscribeToAll',
      'SubscribeToStream',
      'EventStoreSubscription',
      'EventStore',
    ],
    'event-store/storage.ts': [
      'StreamQuery',
      'ListedStream',
      'StreamCatalog',
      'Snapshot',
      'SnapshotCache',
      'ForeignAppends',
      'Storage',
    ],
    'event-store/ownership.ts': ['Ownership', 'OwnershipChange', 'DriverSign'],
    'event-store/stream-query.ts': ['ListPlace'],
    'event-store/subscriptions.ts': ['SubscribedStore', 'Subscriptions'],
    'event-store/pull-subscription.ts': ['PullSource', 'PullSubscription'],
    'event-store/event-log.ts': ['EventLog'],
    'orchestration/messaging/transport.ts': [
      'OutgoingMessage',
      'Delivery',
      'SubscriptionOptions',
      'Bounded',
      'TransportSubscription',
      'Transport',
    ],
    'orchestration/messaging/envelope.ts': ['Envelope'],
    'orchestration/reading/views/view-store.ts': [
      'ViewId',
      'ViewChange',
      'ViewBatch',
      'ViewOrder',
      'ViewQuery',
      'ViewRow',
      'ViewPage',
      'ViewStore',
    ],
    'orchestration/reading/views/view-cursor.ts': ['RowPlace'],
    'orchestration/reading/query/query.ts': ['Query', 'TextTerm', 'FieldTerm', 'QueryValue', 'QueryField'],
    'orchestration/reading/query/query-sql.ts': ['SqlCondition'],
    'orchestration/scheduler/scheduler-strategy.ts': [
      'ReadyTask',
      'ReadyGroup',
      'AgentView',
      'SchedulingView',
      'Assignment',
      'SchedulerStrategy',
    ],
    'orchestration/monitoring/monitor.ts': ['ObservedEvent', 'Notice', 'Monitor'],
    'shared/clock.ts': ['Clock', 'Ids', 'ScheduledCall'],
    'shared/errors.ts': ['RepriseErrorOptions'],
  },
  'plugins.md': { 'container/plugin.ts': ['Plugin', 'PluginContext', 'PluginParts'] },
  'testing.md': {
    'testing/manual-clock.ts': ['ManualClock'],
    'testing/virtual-time.ts': ['VirtualTime'],
    'testing/simulate.ts': ['SimulateOptions', 'AgentCall', 'Simulation'],
    'testing/script.ts': ['ScriptContext', 'ScriptedFailure', 'ScriptedCall'],
    'testing/recording-monitor.ts': ['RecordingMonitor'],
    'testing/given.ts': ['Then', 'Given'],
    'orchestration/workflow/decisions/decision-context.ts': ['DecisionContext'],
  },
};

describe('the pages for authors', () => {
  for (const [page, files] of Object.entries(DECLARED)) {
    for (const [file, names] of Object.entries(files)) {
      for (const name of names) {
        it(`${page} names every member of ${name}`, () => {
          expect(unnamed(membersOf(`${CORE}/${file}`, name), page)).to.deep.equal([]);
        });
      }
    }
  }

  it('name all that @reprise/core/plugin has', () => {
    const names = exportsOf(`${CORE}/plugin.ts`);
    expect(names).to.include.members(['PullSubscription', 'Envelope', 'oneLine']);
    expect(unnamed(names, 'ports.md', 'plugins.md', 'agents.md')).to.deep.equal([]);
  });

  it('name all that @reprise/core/testing has', () => {
    const names = exportsOf(`${CORE}/testing/index.ts`);
    expect(names).to.include.members(['simulate', 'Given']);
    expect(unnamed(names, 'testing.md')).to.deep.equal([]);
  });

  it('have a section for every kind of plugin, with its suites', () => {
    const kinds = membersOf(`${CORE}/container/plugin.ts`, 'PluginParts');
    expect(kinds).to.include('agent');
    const declared = [
      ...declarationOf(`${CORE}/container/plugin.ts`, 'PluginParts').matchAll(/readonly '?([\w-]+)'?:/g),
    ];
    for (const [, kind = ''] of declared) {
      const row =
        pageText('plugins.md').match(new RegExp(`^\\| \\[\`${kind}\`\\]\\(#[\\w-]+\\) \\|.*$`, 'm'))?.[0] ?? '';
      expect(row, kind).to.not.equal('');
      for (const [suite, of] of Object.entries(CONFORMANCE_SUITES))
        if (of === kind) expect(row).to.contain(`\`${suite}\``);
    }
  });

  it('tell a name that is not there from one that is part of another', () => {
    expect(unnamed(['ports', 'plugi', 'createReader'], 'plugins.md')).to.deep.equal(['ports', 'plugi']);
  });
});
