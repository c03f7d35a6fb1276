import type { Decision, Json, JsonObject } from '@reprise/core/plugin';
import { expect } from 'chai';
import { beforeEach, describe, it } from 'mocha';
import { createHierarchicalStrategy, type ManagerReply, type ManagerTask } from '../src/index.ts';
import { Failed, type Played, progress, reply, type Script, SPEC, TeamPlay } from './support.ts';

const strategy = createHierarchicalStrategy();

const play = (script: Partial<Script> & Pick<Script, 'manager'>): Played =>
  new TeamPlay(strategy, { spec: SPEC, ...script }).play();

/** Answers in their order, then the last again. */
const inTurn =
  (...answers: readonly unknown[]) =>
  (_asked: ManagerTask, n: number): unknown =>
    answers[Math.min(n, answers.length) - 1];

const kinds = ({ decisions }: Played): readonly string[] => decisions.map(({ kind = 'assign' }) => kind);
const adds = ({ decisions }: Played): JsonObject =>
  Object.assign({}, ...decisions.map((one) => (one.kind === 'add' ? one.tasks : {}))) as JsonObject;
const codeOf = ({ end }: Played): string | undefined => ('code' in end ? end.code : undefined);

const plan = (...steps: readonly { step: string; to?: string; after?: string[]; input?: Json }[]): ManagerReply => ({
  do: [{ plan: steps.map((step) => ({ work: `do ${step.step}`, ...step })) }],
});

const twoSteps = plan({ step: 'draft', to: 'writer' }, { step: 'review', to: 'critic', after: ['draft'] });

describe('hierarchical', () => {
  it('plans, delegates, accepts, and finishes with what a step gave', () => {
    const played = play({
      manager: inTurn(twoSteps, reply({ accept: 'draft' }), reply({ accept: 'review' }, { finishWith: 'review' })),
      worker: (id) => `${id} done`,
    });
    expect(played.end).to.deep.equal({ output: 'review done' });
    expect(kinds(played)).to.deep.equal(['ask', 'note', 'add', 'ask', 'accept', 'add', 'ask', 'accept', 'finish']);
    expect(adds(played)).to.deep.equal({
      draft: {
        agent: 'writer',
        input: {
          goal: 'Write the report',
          step: 'draft',
          work: 'do draft',
          input: null,
          results: {},
          // biome-ignore lint/suspicious/noTemplateCurlyInString: CEL.
          feedback: '${ feedback }',
        },
      },
      review: {
        agent: 'critic',
        after: ['draft'],
        input: {
          goal: 'Write the report',
          step: 'review',
          work: 'do review',
          input: null,
          // biome-ignore lint/suspicious/noTemplateCurlyInString: CEL.
          results: { draft: '${ outputs["draft"] }' },
          // biome-ignore lint/suspicious/noTemplateCurlyInString: CEL.
          feedback: '${ feedback }',
        },
      },
    });
    expect(played.ledger).to.include({ state: 'over', delegations: 2, asked: 3 });
  });

  it('tells the manager how things stand', () => {
    const played = play({
      spec: { ...SPEC, workers: ['writer', { capability: 'can', name: 'checker', description: 'Checks', atOnce: 2 }] },
      input: { topic: 'tea' },
      manager: inTurn(
        {
          facts: ['one'],
          ...plan({ step: 'draft', to: 'writer' }, { step: 'check', to: 'checker', after: ['draft'] }),
        },
        { ...reply({ accept: 'draft' }), progress: progress('check it') },
        reply({ accept: 'check' }, { finish: 1 }),
      ),
      worker: (id) => ({ [id]: true }),
    });
    const [first, second, third] = played.asked;
    expect(first).to.deep.include({ ask: 'plan', goal: 'Write the report', input: { topic: 'tea' }, news: [] });
    expect(first?.workers).to.deep.equal([
      { name: 'writer', capabilities: [], open: 0, atOnce: 1, failed: 0 },
      { name: 'checker', description: 'Checks', capabilities: [], open: 0, atOnce: 2, failed: 0 },
    ]);
    expect(first?.left).to.deep.equal({ delegations: 50, stalls: 3, resets: 2, nonsense: 3, budget: {} });
    expect(second).to.deep.include({
      ask: 'next',
      news: [
        {
          step: 'draft',
          to: 'writer',
          status: 'completed',
          review: true,
          output: { draft: true },
          attempts: 1,
          rejections: 0,
        },
      ],
    });
    expect(second?.ledger).to.deep.equal({
      facts: ['one'],
      plan: [
        { step: 'draft', work: 'do draft', to: 'writer', after: [], state: 'ended', rejections: 0 },
        { step: 'check', work: 'do check', to: 'checker', after: ['draft'], state: 'planned', rejections: 0 },
      ],
      progress: null,
    });
    expect(third?.ledger.progress?.next).to.equal('check it');
    expect(third?.left.delegations).to.equal(48);
  });

  it('has a step that was rejected done again by the same worker, which is told why', () => {
    const feedbacks: Json[] = [];
    const played = play({
      manager: inTurn(
        plan({ step: 'draft', to: 'writer' }),
        reply({ reject: 'draft', feedback: 'too long' }),
        reply({ accept: 'draft' }, { finishWith: 'draft' }),
      ),
      worker: (_id, _input, task, feedback) => {
        feedbacks.push(feedback);
        return task.again;
      },
    });
    expect(played.end).to.deep.equal({ output: 1 });
    expect(feedbacks).to.deep.equal([null, 'too long']);
    expect(kinds(played)).to.deep.equal(['ask', 'note', 'add', 'ask', 'note', 'reject', 'ask', 'accept', 'finish']);
  });

  it('counts a step as failed that was rejected too often, and says so', () => {
    const played = play({
      spec: { ...SPEC, bounds: { rejections: 1 } },
      manager: (asked, n) => {
        if (n === 1) return plan({ step: 'draft', to: 'writer' });
        const [news] = asked.news;
        if (news?.error !== undefined) return reply({ assign: 'draft', to: 'critic' });
        if (news?.to === 'critic') return reply({ accept: 'draft' }, { finishWith: 'draft' });
        return reply({ reject: 'draft', feedback: 'no' });
      },
      worker: (_id, _input, { agent = '' }) => agent,
    });
    expect(played.end).to.deep.equal({ output: 'critic' });
    expect(Object.keys(adds(played))).to.deep.equal(['draft', 'draft-2']);
    expect(played.asked.flatMap(({ news }) => news.flatMap(({ error }) => error?.message ?? []))[0]).to.match(
      /rejected 2 times; a step is done again 1 times at most/,
    );
  });

  it('replans after a worker has failed: what is open is cancelled, what was accepted stays', () => {
    const played = play({
      spec: { ...SPEC, workers: ['writer', 'critic', 'reader'] },
      manager: (asked, n) => {
        if (n === 1)
          return plan(
            { step: 'read', to: 'reader' },
            { step: 'draft', to: 'writer', after: ['read'] },
            { step: 'slow', to: 'critic' },
          );
        if (asked.news.some(({ status }) => status === 'failed'))
          return {
            progress: progress(),
            do: [{ replan: [{ step: 'draft', work: 'otherwise', to: 'critic', after: ['read'] }] }],
          };
        return reply(...asked.news.map(({ step }) => ({ accept: step })), ...(n > 3 ? [{ finishWith: 'draft' }] : []));
      },
      next: (open) =>
        Math.max(
          0,
          open.findIndex(({ id }) => id !== 'slow'),
        ),
      worker: (_id, _input, { agent = '' }) => {
        if (agent === 'writer') throw new Failed('NO_INK');
        return agent;
      },
    });
    expect(played.end).to.deep.equal({ output: 'critic' });
    const drop = played.decisions.find((one) => one.kind === 'drop');
    expect(drop).to.deep.include({ tasks: ['slow'] });
    expect(adds(played)['draft-2']).to.deep.include({ agent: 'critic', after: ['read'] });
    expect(played.asked.at(-1)?.workers.find(({ name }) => name === 'writer')).to.include({ failed: 1 });
  });

  it('breaks a stall: the plan is thrown away, what was accepted and is known stays, and another is asked for', () => {
    const stuck: ManagerReply = { progress: progress('hm', { progressing: false }), do: [] };
    const played = play({
      spec: { ...SPEC, bounds: { stalls: 1, resets: 1 } },
      manager: (asked) => {
        if (asked.ask === 'plan') return { facts: 'known', ...plan({ step: 'draft' }) };
        if (asked.ask === 'replan') return plan({ step: 'draft', to: 'writer' });
        return asked.news.length > 0 ? reply({ accept: 'draft' }, { finishWith: 'draft' }) : stuck;
      },
      worker: () => 'done',
    });
    expect(played.end).to.deep.equal({ output: 'done' });
    expect(played.asked.map(({ ask }) => ask)).to.deep.equal(['plan', 'next', 'next', 'replan', 'next']);
    expect(played.asked[3]).to.deep.include({
      left: { delegations: 50, stalls: 1, resets: 0, nonsense: 3, budget: {} },
    });
    expect(played.asked[3]?.ledger).to.deep.include({ facts: 'known', plan: [] });
  });

  it('gives up when new plans lead nowhere, too', () => {
    const played = play({
      manager: ({ ask }) =>
        ask === 'next' ? { progress: progress('round and round', { looping: true }), do: [] } : plan({ step: 'draft' }),
    });
    expect(played.end).to.deep.equal({
      code: 'REPRISE_MANAGER_STALLED',
      message: 'The team came to a stand 4 times with each of 3 plans. round and round',
    });
    expect(played.asked.filter(({ ask }) => ask === 'replan')).to.have.length(2);
  });

  it('asks again with what was wrong, and gives up with that', () => {
    const played = play({
      manager: inTurn(
        'Sure! Here is the plan.',
        { do: [{ plann: [] }] },
        plan({ step: 'draft', to: 'writter' }, { step: 'draft', to: 'writer', after: ['revew'] }),
        plan({ step: 'a', after: ['b'] }, { step: 'b', after: ['a'] }),
      ),
    });
    expect(codeOf(played)).to.equal('REPRISE_MANAGER_NONSENSE');
    expect(played.asked.map(({ wrong }) => wrong)).to.deep.equal([
      undefined,
      ['Your answer is text that is no JSON object. Answer with an object: { "progress": …, "do": [ … ] }.'],
      [
        'do[0] needs one of plan, assign, accept, reject, replan, finish, finishWith, giveUp.',
        `do[0] has no "plann"; did you mean 'plan'? There are plan, assign, accept, reject, replan, finish, finishWith, giveUp, to, input, feedback, why.`,
      ],
      [
        "do[0].plan[0].to: there is no worker 'writter'; did you mean 'writer'? There are writer, critic.",
        "do[0].plan[1]: there is a step 'draft' already (planned); leave it out, or call the new one otherwise.",
      ],
    ]);
    expect(played.end).to.include({ task: 'plan-4' });
    expect('message' in played.end && played.end.message).to.match(
      /4 answers in a row .* 'a', 'b' come after each other, in a circle/,
    );
    expect(played.tasks.size).to.equal(4);
  });

  it('shows news again with what was wrong, and does nothing of an answer that is wrong in part', () => {
    const played = play({
      manager: inTurn(
        twoSteps,
        reply({ accept: 'draft' }, { accept: 'reviw' }),
        reply({ accept: 'draft' }),
        reply({ accept: 'review' }, { finish: null }),
      ),
    });
    expect(played.end).to.deep.equal({ output: null });
    expect(played.asked[2]?.news).to.deep.equal(played.asked[1]?.news);
    expect(played.asked[2]?.wrong?.[0]).to.match(/^do\[1\]\.accept: there is no step 'reviw'; did you mean 'review'\?/);
  });

  it('takes JSON in text, fenced or not, and an output that its schema did not take as nonsense', () => {
    const played = play({
      manager: (_asked, n) => {
        if (n === 1) throw new Failed('REPRISE_OUTPUT_INVALID', 'do is missing');
        return n === 2
          ? `\`\`\`json\n${JSON.stringify(plan({ step: 'draft', to: 'writer' }))}\n\`\`\``
          : JSON.stringify(reply({ accept: 'draft' }, { finish: 2 }));
      },
    });
    expect(played.end).to.deep.equal({ output: 2 });
    expect(played.asked[1]?.wrong).to.deep.equal(['do is missing']);
  });

  for (const [what, answer, says] of [
    [
      'finishes without saying so',
      { progress: progress('', { satisfied: true }), do: [] },
      /do has neither finish nor finishWith/,
    ],
    ['says nothing of progress', { do: [{ accept: 'draft' }] }, /progress is missing/],
    ['accepts what is planned', reply({ accept: 'review' }), /'review' is planned; only what has ended/],
    ['rejects what is planned', reply({ reject: 'review', feedback: 'x' }), /only what a worker has ended is rejected/],
    ['rejects without a reason', reply({ reject: 'draft', feedback: '' }), /does not say why, in feedback/],
    ['assigns what has ended', reply({ assign: 'draft', to: 'critic' }), /has ended; accept it, or reject it/],
    ['assigns to nobody', reply({ accept: 'draft' }, { assign: 'third' }), /there is no step 'third'/],
    ['acts after the end', reply({ finish: 1 }, { accept: 'draft' }), /comes after what ends the team/],
    ['finishes with what is planned', reply({ finishWith: 'review' }), /'review' has no output: it is planned/],
    [
      'plans after nothing',
      reply({ plan: [{ step: 'x', work: 'w', after: ['drafft'] }] }),
      /'x' comes after 'drafft', which is no step; did you mean 'draft'/,
    ],
    [
      'plans a step again',
      reply({ plan: [{ step: 'draft', work: 'w' }] }),
      /there is a step 'draft' already \(ended\)/,
    ],
    [
      'says two things at once',
      { progress: progress(), do: [{ accept: 'draft', finish: 1 }] },
      /needs one of .*, and has accept, finish/,
    ],
    ['calls a step what is no name', reply({ plan: [{ step: 'a b', work: 'w' }] }), /is "a b", not a name/],
    ['does not say the work', reply({ plan: [{ step: 'ab', work: ' ' }] }), /work does not say what is to be done/],
    ['says too much', { ...reply({ accept: 'draft' }), facts: 'x'.repeat(60_000) }, /bytes; 49152 are read/],
    ['gives a list', [reply()], /Your answer is \[/],
    ['gives nothing', null, /Your answer is null/],
  ] as const) {
    it(`is nonsense when the manager ${what}`, () => {
      const played = play({ manager: inTurn(twoSteps, answer) });
      expect(codeOf(played)).to.equal('REPRISE_MANAGER_NONSENSE');
      expect(played.asked.at(-1)?.wrong?.join(' ')).to.match(says);
      expect(Object.keys(adds(played))).to.deep.equal(['draft']);
    });
  }

  it('tells of an answer no more than can be told', () => {
    const long = 'x'.repeat(1_000);
    const steps = Array.from({ length: 30 }, (_, index) => ({ step: `s${index}`, work: 'w', to: long }));
    const played = play({ manager: inTurn({ do: [{ plan: steps }] }) });
    expect(codeOf(played)).to.equal('REPRISE_MANAGER_NONSENSE');
    const wrong = played.asked.at(-1)?.wrong ?? [];
    expect(wrong).to.have.length(20);
    for (const one of wrong) expect(one).to.have.length.at.most(500);
    const gaveUp = play({ manager: inTurn({ do: [{ giveUp: long.repeat(10) }] }) });
    expect('message' in gaveUp.end && gaveUp.end.message).to.have.length(4_000);
  });

  it('gives up with the error of a manager that fails', () => {
    const played = play({
      manager: () => {
        throw new Failed('LLM_UNREACHABLE', 'no route');
      },
    });
    expect(played.end).to.deep.equal({
      code: 'REPRISE_MANAGER_FAILED',
      message: 'The manager editor gave no answer (plan-1): no route',
      task: 'plan-1',
    });
  });

  it('asks again what it asked last when a run that it gave up is tried again', () => {
    let mood = 'ill';
    const asked: string[] = [];
    const team = new TeamPlay(strategy, {
      spec: { ...SPEC, bounds: { nonsense: 0 } },
      manager: ({ ask, news, left }) => {
        asked.push(`${ask} ${left.nonsense}`);
        if (ask === 'plan') return plan({ step: 'draft', to: 'writer' });
        if (mood === 'ill') throw new Failed('ILL');
        return mood === 'silly'
          ? 'la la'
          : reply(...news.map(({ step }) => ({ accept: step })), { finishWith: 'draft' });
      },
      worker: () => 'done',
    });
    expect(codeOf(team.play())).to.equal('REPRISE_MANAGER_FAILED');
    for (const [next, code] of [
      ['silly', 'REPRISE_MANAGER_NONSENSE'],
      ['silly', 'REPRISE_MANAGER_NONSENSE'],
      ['well', undefined],
    ] as const) {
      mood = next;
      team.end = undefined;
      expect(codeOf(team.play())).to.equal(code);
    }
    expect(asked).to.deep.equal(['plan 0', 'next 0', 'next 0', 'next 0', 'next 0']);
  });

  it('gives up when the manager does', () => {
    const played = play({ manager: inTurn({ do: [{ giveUp: 'there is no paper' }] }) });
    expect(played.end).to.deep.equal({
      code: 'REPRISE_TEAM_FAILED',
      message: 'The manager editor gave up: there is no paper',
    });
  });

  it('delegates no more than it may', () => {
    let n = 0;
    const played = play({
      spec: { ...SPEC, bounds: { delegations: 3 } },
      manager: ({ ask, news }) => {
        n += 1;
        const step = { step: `s${n}`, work: 'w', to: 'writer' };
        return ask === 'plan'
          ? { do: [{ plan: [step] }] }
          : reply(...news.map((one) => ({ accept: one.step })), { plan: [step] });
      },
    });
    expect(codeOf(played)).to.equal('REPRISE_DELEGATIONS_EXHAUSTED');
    expect(Object.keys(adds(played))).to.deep.equal(['s1', 's2', 's3']);
  });

  it('gives a worker as many steps as it may have at once, in the order of the plan', () => {
    let most = 0;
    const names = ['a', 'b', 'c', 'd', 'e'];
    const played = play({
      spec: { ...SPEC, workers: [{ agent: 'writer', atOnce: 2 }], review: 'none' },
      manager: inTurn(plan(...names.map((step) => ({ step, to: 'writer' }))), reply({ finish: 1 })),
      next: (open) => {
        most = Math.max(most, open.length);
        return open.length - 1;
      },
    });
    expect(most).to.equal(2);
    expect(Object.keys(adds(played))).to.deep.equal(names);
    expect(played.asked).to.have.length(2);
  });

  describe('reviews', () => {
    const script = (review: string): Pick<Script, 'spec' | 'worker' | 'manager'> => ({
      spec: { ...SPEC, review },
      worker: (id) => {
        if (id === 'draft') throw new Failed('NO_INK');
        return id;
      },
      manager: ({ ask, news }) =>
        ask === 'plan'
          ? plan(
              { step: 'read', to: 'writer' },
              { step: 'draft', to: 'writer', after: ['read'] },
              { step: 'other', to: 'critic' },
            )
          : reply({ finish: news.map(({ step, status }) => `${step} ${status}`) }),
    });

    it('all: is asked about the first that ends', () => {
      expect(play(script('all')).end).to.deep.equal({ output: ['read completed'] });
    });

    it('failed: is asked when one has failed, and told what else has ended', () => {
      const played = play({ ...script('failed'), next: (open) => open.findIndex(({ id }) => id !== 'other') });
      expect(played.end).to.deep.equal({ output: ['read completed', 'draft failed'] });
    });

    it('none: is asked when nothing is left to do', () => {
      const played = play(script('none'));
      expect(played.end).to.deep.equal({ output: ['read completed', 'other completed', 'draft failed'] });
    });
  });

  it('hands what comes after a step that can be done without null, and comes after it no more', () => {
    const played = play({
      manager: inTurn(twoSteps, reply({ accept: 'draft' }), reply({ accept: 'review' }, { finish: 1 })),
      worker: (id) => {
        if (id === 'draft') throw new Failed('NO_INK');
        return id;
      },
    });
    expect(played.end).to.deep.equal({ output: 1 });
    const review = adds(played)['review'] as JsonObject;
    expect(review).to.not.have.property('after');
    expect((review['input'] as JsonObject)['results']).to.deep.equal({ draft: null });
  });

  it('keeps what ended while the manager thought of another plan', () => {
    const played = play({
      manager: (asked, n) => {
        if (n === 1) return plan({ step: 'draft', to: 'writer' }, { step: 'other', to: 'critic' });
        if (n === 2) return { progress: progress(), do: [{ replan: [{ step: 'more', work: 'w', to: 'writer' }] }] };
        return reply({ finish: asked.news.map(({ step }) => step) });
      },
      // The other step ends before the manager answers.
      next: (open) =>
        Math.max(
          0,
          open.findIndex(({ id }) => id === (open.some((one) => one.id === 'draft') ? 'draft' : 'other')),
        ),
    });
    expect(played.end).to.deep.equal({ output: ['other'] });
    expect(played.decisions.some(({ kind }) => kind === 'drop')).to.equal(false);
  });

  it('tells of tasks that are no steps, which steps may come after', () => {
    const played = play({
      given: ['fetch'],
      manager: (asked, n) => {
        if (n === 1) return plan({ step: 'draft', to: 'writer', after: ['fetch'] });
        return asked.news.some(({ step }) => step === 'draft')
          ? reply({ accept: 'draft' }, { finishWith: 'fetch' })
          : reply();
      },
      worker: (id) => id,
    });
    expect(played.end).to.deep.equal({ output: 'fetch' });
    expect(adds(played)['draft']).to.deep.include({ after: ['fetch'] });
  });

  it('remembers of what was accepted the last 100, and what others come after', () => {
    let n = 0;
    const more = () => {
      n += 1;
      return { step: `s${n}`, work: 'w', to: 'writer' };
    };
    const played = play({
      spec: { ...SPEC, review: 'none', bounds: { delegations: 1000 } },
      manager: ({ ask }) =>
        ask === 'plan'
          ? { do: [{ plan: [more(), { step: 's150', work: 'w', after: ['s1'] }] }] }
          : reply(n > 148 ? { finish: n } : { plan: [more()] }),
    });
    expect(played.end).to.deep.equal({ output: 149 });
    const steps = (played.ledger['plan'] as readonly { readonly step: string }[]).map(({ step }) => step);
    expect(steps).to.have.length(102);
    expect(steps.slice(0, 3)).to.deep.equal(['s1', 's150', 's50']);
  });

  describe('workers', () => {
    const addOf = (worker: JsonObject, step: object = {}): JsonObject => {
      const played = play({
        spec: { ...SPEC, workers: [{ name: 'w', ...worker }] },
        manager: inTurn(plan({ step: 'one', to: 'w', ...step }), reply({ accept: 'one' }, { finish: 1 })),
      });
      return adds(played)['one'] as JsonObject;
    };

    it('may be whoever has a capability, with words of its tasks', () => {
      expect(addOf({ capability: 'can', task: { retry: 2, delivery: 'at-most-once' } })).to.deep.include({
        capability: 'can',
        retry: 2,
        delivery: 'at-most-once',
      });
    });

    it('may be child runs, which are handed what the manager gives as input', () => {
      expect(addOf({ workflow: 'audit' }, { input: { path: '.' } })).to.deep.equal({
        workflow: 'audit',
        input: { path: '.' },
      });
    });

    it('may be teams: a block with a strategy of its own', () => {
      const team = { ...SPEC, name: 'hierarchical' };
      const task = addOf({ team, task: { budget: { tasks: 5 }, timeout: '1h' } });
      expect(task).to.deep.include({ scope: {}, strategy: team, budget: { tasks: 5 }, timeout: '1h' });
      expect(task['input']).to.include({ step: 'one', work: 'do one' });
    });

    it('are handed text as it is, whatever it looks like', () => {
      // biome-ignore lint/suspicious/noTemplateCurlyInString: texts that look like CEL.
      const texts = ['${ 1 + 1 }', '$${ x }', '$5', 'a ${ b }'];
      expect((addOf({ agent: 'writer' }, { input: { texts } })['input'] as JsonObject)['input']).to.deep.equal({
        // biome-ignore lint/suspicious/noTemplateCurlyInString: as templates that give them.
        texts: ['$${ 1 + 1 }', '${ "$${ x }" }', '$5', 'a ${ b }'],
      });
    });
  });

  describe('what could not be', () => {
    let refusals = 0;
    beforeEach(() => {
      refusals = 0;
    });

    const refuse =
      (kind: string, why: string, most = 1) =>
      (decision: Decision): string | undefined => {
        if (decision.kind !== kind || refusals === most) return undefined;
        refusals += 1;
        return why;
      };

    it('a delegation: the step has failed, and the manager is told', () => {
      const played = play({
        manager: (asked, n) => {
          if (n === 1) return plan({ step: 'draft', to: 'writer' });
          const failed = asked.news.find(({ error }) => error !== undefined);
          return failed === undefined
            ? reply({ accept: 'draft' }, { finish: 1 })
            : reply({ assign: 'draft', to: 'critic' });
        },
        refuse: refuse('add', 'there is no such agent'),
      });
      expect(played.end).to.deep.equal({ output: 1 });
      expect(played.asked[1]?.news[0]?.error).to.deep.equal({
        code: 'REPRISE_DECISION_INVALID',
        message: 'there is no such agent',
      });
    });

    it('an id that a task around has: another is taken, of questions and of steps', () => {
      const script = {
        manager: inTurn(twoSteps, reply({ accept: 'draft' }), reply({ accept: 'review' }, { finish: 1 })),
        around: ['plan-1', 'plan-2', 'draft', 'draft-2', 'next-4'],
      };
      const played = play(script);
      expect(played.end).to.deep.equal({ output: 1 });
      expect([...played.tasks.keys()]).to.deep.equal(['plan-3', 'draft-3', 'next-5', 'review', 'next-6']);
      const inner = play({ ...script, depth: 2 });
      expect([...inner.tasks.keys()]).to.deep.equal(['plan-1.2', 'draft.2', 'next-2.2', 'review.2', 'next-3.2']);
      expect(inner.refused).to.deep.equal([]);
      expect(adds(inner)['review.2']).to.deep.include({ after: ['draft.2'] });
    });

    it('a step that may not be done again stands as it ended', () => {
      const played = play({
        manager: inTurn(
          plan({ step: 'pay', to: 'writer' }),
          reply({ reject: 'pay', feedback: 'more' }),
          reply({ accept: 'pay' }, { finish: 1 }),
        ),
        refuse: refuse('reject', 'at most once'),
      });
      expect(played.end).to.deep.equal({ output: 1 });
      expect(played.asked[2]?.wrong).to.deep.equal(["'pay' cannot be done again: at most once"]);
      expect(played.asked[2]?.news).to.have.length(1);
    });

    it('an end: the manager is asked again, and not for ever', () => {
      const manager = inTurn({ do: [{ plan: [] }] }, reply({ finish: 'x' }));
      expect(play({ manager, refuse: refuse('finish', 'too large') }).end).to.deep.equal({ output: 'x' });
      refusals = 0;
      expect(codeOf(play({ manager, refuse: refuse('finish', 'too large', 99) }))).to.equal('REPRISE_MANAGER_NONSENSE');
    });

    it('a question: the team gives up, with why', () => {
      expect(play({ manager: inTurn(twoSteps), delegations: 2 }).end).to.deep.equal({
        code: 'REPRISE_BUDGET_EXHAUSTED',
        message: 'The team cannot go on: budget',
      });
    });
  });

  it('shows of outputs and inputs what fits, and says what is left out', () => {
    const played = play({
      input: 'i'.repeat(300_000),
      manager: inTurn(plan({ step: 'draft', to: 'writer' }), reply({ accept: 'draft' }, { finishWith: 'draft' })),
      worker: () => 'o'.repeat(100_000),
    });
    expect(played.asked[1]?.news[0]?.excerpt?.excerpt).to.have.length(32_000);
    expect(played.asked[1]?.news[0]?.excerpt?.characters).to.equal(100_002);
    expect(played.asked[0]?.input).to.deep.include({ characters: 300_002 });
    expect('output' in played.end && played.end.output).to.have.length(100_000);
  });
});
