import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import type { Browser, Page } from 'playwright-core';
import { launch, violations } from '../../../test/browser/chromium.ts';
import { jsonLines, projects } from '../support.ts';
import { Stage } from './stage.ts';

const project = projects();

const CONFIG = `
import { defineAgent, defineConfig, parseWorkflow } from '@reprise/core';
import { hierarchicalScheduler, managerAgent } from '@reprise/scheduler-hierarchical';
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const hostile = '<img src=x onerror="globalThis.pwned = 1">\\u202e';
export default defineConfig({
  plugins: [hierarchicalScheduler()],
  agents: [
    managerAgent({ name: 'lead', decide: ({ ask, news }, _task, { usage }) => {
      usage({ tokens: 100, cost: 0.01 });
      return ask === 'plan'
        ? { facts: { hostile }, do: [{ plan: [{ step: 'draft', work: 'write', to: 'writer' }, { step: 'check', work: 'check', to: 'writer', after: ['draft'] }] }] }
        : { progress: { satisfied: false, progressing: true, looping: false, next: 'to the end ' + hostile },
            do: [...news.map(({ step }) => ({ accept: step })), ...(news.some(({ step }) => step === 'check') ? [{ finishWith: 'check' }] : [])] };
    } }),
    defineAgent({ name: 'writer', handle: ({ input }, { usage }) => { usage({ tokens: 7, cost: 0.25 }); return { hostile }; } }),
    defineAgent({ name: 'author', handle: async (_task, { messages }) => {
      for (let draft = 1; draft <= 2; draft += 1) {
        const { data } = await messages.request('critic', { draft, hostile, long: 'x'.repeat(500) }, { type: 'review' });
        if (data.good) break;
      }
      await messages.send('critic', 'done');
      await messages.send('#desk', { hostile }, { type: 'article' });
      return { hostile };
    } }),
    defineAgent({ name: 'critic', handle: async (_task, { messages }) => {
      for (;;) {
        const message = await messages.receive();
        if (message.data === 'done') return null;
        await messages.reply(message, { good: message.data.draft > 1 });
      }
    } }),
    defineAgent({ name: 'clerk', handle: async (_task, { messages }) => {
      const one = await messages.receive({ mailbox: '#desk' });
      await messages.nack(one, { reason: 'not mine ' + hostile, requeue: false });
      return null;
    } }),
    defineAgent({ name: 'worker', concurrency: 2, handle: async ({ taskId, attempt }) => {
      await pause(taskId === 'slow' ? 400 : 30);
      if (taskId === 'block/flaky' && attempt === 1) throw new Error('not yet');
      return { taskId };
    } }),
  ],
  workflows: [
    parseWorkflow(\`
name: talk
mailboxes: { desk: {} }
tasks:
  author: { agent: author, may: [send] }
  critic: { agent: critic }
  clerk: { agent: clerk }
  hold: { after: [author, critic, clerk], wait: { signal: go } }
\`),
    parseWorkflow(\`
name: report
budget: { tokens: 5000 }
tasks:
  team:
    scope: {}
    strategy: { name: hierarchical, goal: A page, manager: lead, workers: [writer] }
  hold: { after: team, wait: { signal: go } }
\`),
    parseWorkflow(\`
name: path
tasks:
  quick: { agent: worker }
  slow: { agent: worker }
  block: { after: [quick, slow], scope: { flaky: { agent: worker, retry: { maxAttempts: 2, initialDelay: 50 } }, then: { agent: worker, after: flaky } } }
  last: { agent: worker, after: block }
\`),
  ],
});
`;

describe('the workspace of a run', function () {
  this.timeout(120_000);
  let browser: Browser | undefined;
  let stage: Stage;
  let page: Page;

  before(async function () {
    browser = await launch();
    if (browser === undefined) this.skip();
    stage = await Stage.open(browser, project(), CONFIG, ['--trace-url', 'http://127.0.0.1:16686']);
    page = stage.page;
    for (const [workflow, id] of [
      ['talk', 'talk-1'],
      ['report', 'report-1'],
      ['path', 'path-1'],
    ] as const)
      expect((await stage.say('run', 'start', workflow, '--id', id)).code).to.equal(0);
    await stage.go('/runs/path-1');
    await stage.isIn('completed');
  });

  after(async () => {
    await browser?.close();
    await stage?.close();
  });

  it('shows who told whom what as a sequence: lanes, answers, what was given back and died', async () => {
    await stage.go('/runs/talk-1?tab=messages');
    const steps = page.getByRole('list', { name: /Messages in the order/ });
    await steps.getByRole('button', { name: /: inform article from author to #desk, dead/ }).waitFor();
    const names = await steps
      .getByRole('button')
      .evaluateAll((all) => all.map((one) => one.querySelector('.away')?.textContent));
    const said = names.map((name) => name?.replace(/^\d+: /, ''));
    expect(said.slice(0, 2)).to.deep.equal([
      'request review from author to critic, acknowledged',
      'inform from critic to author, acknowledged',
    ]);
    expect(said.slice(-4).toSorted()).to.deep.equal([
      'clerk gives inform article back',
      'clerk takes inform article from #desk',
      'inform article from author to #desk, dead',
      'inform article to #desk: dead letter',
    ]);
    const lanes = await page.locator('.lanes .lane').allTextContents();
    expect(lanes.map((lane) => lane.trim())).to.have.members(['author', 'critic', '#desk', 'clerk']);
    await page.getByLabel('Conversation', { exact: true }).selectOption({ index: 1 });
    await page.waitForFunction('document.querySelectorAll("ol button[data-step]").length === 2');
    await page.getByLabel('Conversation', { exact: true }).selectOption('');
    // Of a lane, the task is selected: for all views.
    await page.locator('.lanes').getByRole('button', { name: 'critic' }).click();
    await page.waitForURL(/task=critic/);
    await page.locator('aside').getByRole('heading', { name: 'critic' }).waitFor();
    await page.getByRole('button', { name: 'Table' }).click();
    await page.getByRole('region', { name: 'Messages' }).getByRole('row', { name: /#desk/ }).waitFor();
    expect(await page.getByRole('region', { name: 'Messages' }).getByRole('row').count()).to.equal(7);
  });

  it('leads by keys and links to a message, says what became of it, and shows what it says as text', async () => {
    await stage.go('/runs/talk-1?tab=messages');
    await page.getByRole('button', { name: /^1: request/ }).focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.waitForURL(/message=/);
    const panel = page.getByRole('region', { name: 'Message', exact: true });
    await panel.getByText('Answers').waitFor();
    const url = page.url();
    await page.goto(url);
    await panel.getByRole('button', { name: 'request from author' }).click();
    await panel.getByText('Answered by').waitFor();
    await panel.getByText('<img src=x').waitFor();
    await page.keyboard.press('Escape');
    // At a revision, what came later is set back and was not yet so.
    await page.getByRole('button', { name: /: inform article from author/ }).click();
    await panel.getByRole('button', { name: /^Revision/ }).click();
    await page.waitForURL(/at=/);
    await page.getByRole('button', { name: /: inform article from author to #desk, (open|held)/ }).waitFor();
    await page.getByRole('button', { name: 'Live' }).click();
    await panel.getByText('not mine <img').first().waitFor();
    expect(await page.evaluate('globalThis.pwned')).to.equal(undefined);
  });

  it('redrives a dead letter where it lies', async () => {
    await stage.go('/runs/talk-1?tab=messages');
    await page.getByRole('button', { name: /: inform article from author to #desk, dead/ }).click();
    const panel = page.getByRole('region', { name: 'Message', exact: true });
    await panel.getByRole('button', { name: 'Redrive' }).click();
    await page.getByRole('textbox', { name: 'Why' }).fill('once more');
    await page.getByRole('dialog').getByRole('button', { name: 'Redrive' }).click();
    await page.getByRole('button', { name: /: inform article from author to #desk, open/ }).waitFor();
    const redriven = (await stage.historyOf('talk-1')).find(({ type }) => type === 'DeadLettersRedriven');
    expect(redriven?.['metadata']).to.include({ by: 'ann', reason: 'once more' });
  });

  it('shows a run as a flame graph that is gone through by keys, zoomed and sought', async () => {
    await stage.go('/runs/path-1?tab=flame');
    const mirror = page.getByRole('list', { name: /Flame graph/ });
    await mirror.getByRole('button', { name: /^task block\/flaky, completed/ }).waitFor();
    const all = await mirror.getByRole('button').evaluateAll((found) => found.map((one) => one.textContent ?? ''));
    const kinds = (kind: string) => all.filter((text) => text.startsWith(kind)).length;
    expect([kinds('Run'), kinds('block'), kinds('task'), kinds('attempt')]).to.deep.equal([1, 1, 5, 6]);
    expect(all.find((text) => text.startsWith('attempt slow#1'))).to.match(/completed, .*working [34]\d\dms/);
    await mirror.getByRole('button', { name: /^Run path/ }).focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    await page.waitForURL(/task=(slow|quick)/);
    await page.keyboard.press('z');
    await page.getByRole('button', { name: 'Fit' }).click();
    await page.locator('.flame .scroll').click({ position: { x: 30, y: 36 } });
    await page.waitForURL(/task=(slow|quick)/);
    const drawn = Number(await page.locator('canvas').getAttribute('data-drawn'));
    expect(drawn).to.be.within(8, 20);
    await stage.go('/runs/path-1?tab=flame&at=5');
    await mirror.getByRole('button', { name: /^task slow, running/ }).waitFor();
    expect(await mirror.getByRole('button', { name: /last/ }).count()).to.equal(0);
  });

  it('tells what made the run as long as it was, in the list, the graph, the timeline and the flame graph', async () => {
    await stage.go('/runs/path-1');
    await page.getByRole('button', { name: 'Critical path', exact: true }).click();
    await page.waitForURL(/path=critical/);
    const list = page.getByRole('list', { name: /The critical path/ });
    await list.getByRole('button', { name: /slow/ }).waitFor();
    const order = await list
      .getByRole('button')
      .evaluateAll((all) => all.map((one) => one.querySelector('.mono')?.textContent?.trim().split(' ')[0]));
    expect(order[0]).to.equal('slow');
    expect(order).to.include.members(['block/flaky', 'block/then', 'last']);
    expect(order).not.to.include('quick');
    await list.getByText(/retrying/).waitFor();
    const tasks = page.getByRole('list', { name: 'Tasks of the graph' });
    await tasks.getByRole('button', { name: /^slow, .*, on the critical path/ }).waitFor();
    expect(await tasks.getByRole('button', { name: /^quick, .*critical/ }).count()).to.equal(0);
    await page.getByRole('tab', { name: 'timeline' }).click();
    await page.getByRole('button', { name: /^block\/flaky, .*, on the critical path/ }).waitFor();
    await list.getByRole('button', { name: /last/ }).click();
    await page.waitForURL(/task=last/);
    const told = await stage.say('run', 'explain', 'path-1', '--critical-path', '--json');
    const { criticalPath } = jsonLines(told.stdout)[0] as {
      readonly criticalPath: { readonly links: readonly { readonly taskId: string }[] };
    };
    expect(criticalPath.links.map(({ taskId }) => taskId)).to.deep.equal([
      'slow',
      'block/flaky',
      'block/flaky',
      'block/then',
      'last',
    ]);
    await stage.go('/analytics?tab=critical-paths');
    await page
      .getByRole('region', { name: 'Rows of critical-paths' })
      .getByRole('cell', { name: 'block/flaky' })
      .waitFor();
  });

  it('tells what each event changed, folded in the browser: before and after, large values on demand', async () => {
    const history = await stage.historyOf('path-1');
    const done = history.findIndex(
      ({ type, taskId, data }) =>
        type === 'TaskCompleted' && (taskId ?? (data as { taskId?: string })?.taskId) === 'slow',
    );
    expect(done).to.be.above(0);
    await stage.go(`/runs/path-1?tab=state&at=${done}`);
    const diff = page.getByRole('region', { name: `What revision ${done} changed` });
    await diff.getByRole('heading', { name: /TaskCompleted/ }).waitFor();
    const lines = async () =>
      (await diff.getByRole('listitem').allTextContents()).map((line) => line.replaceAll(/\s+/g, ' ').trim());
    const told = await lines();
    expect(
      told.some((line) => /changed: status "running" ?→ ?"completed"/.test(line)),
      told.join('; '),
    ).to.equal(true);
    expect(told.some((line) => line.includes('added: output') && line.includes('{"taskId":"slow"}'))).to.equal(true);
    // Back and forth, and the first event of all.
    await page.getByRole('button', { name: 'One revision back' }).click();
    await page
      .getByRole('region', { name: `What revision ${done - 1} changed` })
      .getByRole('listitem')
      .first()
      .waitFor();
    await page.getByRole('button', { name: 'One revision on' }).click();
    await diff.getByRole('heading', { name: /TaskCompleted/ }).waitFor();
    expect(await lines()).to.deep.equal(told);
    await stage.go('/runs/path-1?tab=state&at=0');
    const first = page.getByRole('region', { name: 'What revision 0 changed' });
    await first.getByRole('heading', { name: /RunStarted/ }).waitFor();
    await first.getByText('"running"').first().waitFor();
    const sent = (await stage.historyOf('talk-1')).findIndex(({ type }) => type === 'MessageSent');
    await stage.go(`/runs/talk-1?tab=state&at=${sent}`);
    const large = page.getByRole('region', { name: `What revision ${sent} changed` });
    await large
      .getByRole('button', { name: /^All \d+ characters/ })
      .first()
      .click();
    await large
      .getByLabel(/^After: mailboxes/)
      .getByText('"hostile"')
      .waitFor();
    await stage.go('/runs/talk-1?tab=history&at=0');
    await page.getByRole('button', { name: /^Revision 0/ }).click();
    await first.getByRole('heading', { name: /RunStarted/ }).waitFor();
    await page.getByText('As it was recorded').waitFor();
  });

  it('shows the graph of a workflow, who tells whom in circles, what runs failed of, and plugins', async () => {
    await stage.go('/workflows');
    await page.getByRole('button', { name: 'path', exact: true }).click();
    await page.waitForURL(/tab=path%401|tab=path@1/);
    const graph = page.getByRole('region', { name: 'Graph of path' });
    await graph.getByRole('button', { name: /^block\/then, pending/ }).focus();
    await page.keyboard.press('Enter');
    await page.waitForURL(/task=block%2Fthen/);
    await stage.go('/agents');
    await page.getByRole('region', { name: 'Loops' }).getByText('author → critic → author').waitFor();
    await stage.go('/health');
    await page.getByRole('row', { name: /in-process transport/ }).waitFor();
    await page.getByRole('row', { name: /critical-paths up to date/ }).waitFor();
    await page.keyboard.press('Control+k');
    await page.keyboard.type('plugins');
    await page.getByRole('option', { name: 'Plugins and health' }).waitFor();
    await page.keyboard.press('Escape');
  });

  it('tells what was decided and why, with the ledger, what it costs, where its trace is, and who paused it', async () => {
    const decided = async () =>
      (await stage.historyOf('report-1')).flatMap(({ type }, revision) => (type === 'DecisionMade' ? [revision] : []));
    await stage.go('/runs/report-1?tab=decisions');
    const list = page.getByRole('region', { name: 'Decisions', exact: true });
    await list.getByRole('button', { name: /: finish/ }).waitFor();
    const revisions = await list
      .getByRole('button', { name: /^Revision/ })
      .evaluateAll((all) => all.map((one) => Number(one.textContent)));
    expect(revisions).to.deep.equal(await decided());
    // Choosing one moves the revision; its task is selected for all views; a link leads back to both.
    const accept = list.getByRole('button', { name: /^Revision \d+: accept/ }).first();
    const revision = Number(await accept.textContent());
    await accept.click();
    await page.waitForURL(new RegExp(`at=${revision}`));
    const panel = page.getByRole('region', { name: `Decision at revision ${revision}` });
    await panel.getByRole('button', { name: 'team/draft' }).click();
    await page.waitForURL(/task=team%2Fdraft/);
    await page.goto(page.url());
    await panel.getByRole('button', { name: 'team/draft', pressed: true }).waitFor();
    await list.getByText('draft to writer').waitFor();
    await panel.getByRole('button', { name: /^Ledger/ }).click();
    await panel.getByLabel('Ledger').getByText('<img src=x').waitFor();
    expect(await panel.getByLabel('Ledger').textContent()).to.include('\\u202e');
    await page.getByRole('button', { name: 'One revision on' }).click();
    await panel.waitFor({ state: 'detached' });
    await list.getByText('to the end <img src=x').first().waitFor();
    expect(await page.evaluate('globalThis.pwned')).to.equal(undefined);
    // What it costs: in the head with the budget, by agent and task, and in the panel of a task.
    await stage.go('/runs/report-1?task=team%2Fdraft');
    await page.locator('aside').getByText('7 tokens · cost 0.25').waitFor();
    const used = page.locator('.head').getByText(/ tokens · cost 0\.5\d/);
    const tokens = (await used.textContent())?.split(' ')[0] ?? '';
    await page
      .locator('.head')
      .getByText(new RegExp(`^tokens of the run: ${tokens} of 5,000 spent$`))
      .click();
    await page.waitForURL(/tab=cost/);
    const cost = page.getByRole('region', { name: 'Cost and tokens' });
    await cost.getByRole('table', { name: 'By agent' }).waitFor();
    const agents = await cost.getByRole('table', { name: 'By agent' }).getByRole('row').allTextContents();
    expect(agents[1]?.trim()).to.match(/^writer\s*0\.5\s*14\s*2$/);
    expect(agents[2]?.trim()).to.match(/^lead\s*0\.0\d\s*\d00\s*\d$/);
    await cost.getByRole('table', { name: 'By task' }).getByRole('button', { name: 'team/check' }).click();
    await page.waitForURL(/task=team%2Fcheck/);
    // Its trace.
    const told = await stage.say('trace', 'open', 'report-1', '--json');
    const link = page.getByRole('link', { name: 'Trace' });
    expect(await link.getAttribute('href')).to.equal(jsonLines(told.stdout)[0]?.['url']);
    expect([await link.getAttribute('target'), await link.getAttribute('rel')]).to.deep.equal(['_blank', 'noopener']);
    // Of a run without any of that.
    await stage.go('/runs/path-1?tab=decisions');
    await page.getByText('The strategy graph decides nothing').waitFor();
    expect(await page.getByRole('tab', { name: 'cost' }).count()).to.equal(0);
    // Who paused it, and why.
    expect((await stage.say('run', 'pause', 'report-1', '--by', 'ann', '--reason', 'too dear')).code).to.equal(0);
    await stage.go('/runs/report-1?tab=history');
    await page
      .getByRole('region', { name: 'History' })
      .getByText(/\(by .+: too dear\)/)
      .waitFor();
    await stage.go('/');
    for (const name of ['Latency', 'Failures', 'Lag of views'])
      await page
        .getByRole('region', { name })
        .getByRole('img', { name: new RegExp(`^${name}`) })
        .waitFor();
  });

  it('is usable by everybody, on any screen', async () => {
    const found: string[] = [];
    const paths = [
      '?tab=messages',
      '?tab=state&at=3',
      '?tab=flame&path=critical',
      '?tab=timeline&path=critical',
      '?path=critical',
      '?tab=decisions',
      '?tab=cost&task=team%2Fdraft',
    ];
    const runOf = (path: string): string =>
      path.includes('messages') ? 'talk-1' : /decisions|cost/.test(path) ? 'report-1' : 'path-1';
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      for (const path of paths) {
        const run = runOf(path);
        await stage.go(`/runs/${run}${path}`);
        await page.waitForTimeout(700);
        if (run === 'talk-1') await page.getByRole('button', { name: /^1: request/ }).click();
        if (path.includes('decisions'))
          await page
            .getByRole('button', { name: /^Revision \d+: add/ })
            .first()
            .click();
        await page.waitForTimeout(300);
        for (const one of await violations(page)) found.push(`${colorScheme} ${path} ${one}`);
      }
    }
    await page.setViewportSize({ width: 400, height: 800 });
    for (const path of paths) {
      await stage.go(`/runs/${runOf(path)}${path}`);
      await page.waitForTimeout(400);
      if (Number(await page.evaluate('document.documentElement.scrollWidth')) > 400) found.push(`too wide: ${path}`);
      for (const one of await violations(page)) found.push(`400 ${path} ${one}`);
    }
    await page.setViewportSize({ width: 1280, height: 800 });
    expect(found.join('\n')).to.equal('');
    expect(stage.complaints.join('\n')).to.equal('');
  });
});
