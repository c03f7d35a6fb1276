import { expect } from 'chai';
import { before, describe, it } from 'mocha';
import { parse, parseAllDocuments } from 'yaml';
import { renderAs } from '../src/output/formats.ts';
import { jsonLines, projects, reprise } from './support.ts';

const project = projects();

/** Without how long open runs have taken so far. */
const still = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (key, member: unknown) => (key === 'durationMs' ? null : member)));

describe('--format', () => {
  let cwd: string;
  const say = (...args: string[]) => reprise(args, { cwd });
  const pipe = (input: string, ...args: string[]) => reprise(args, { cwd, input });
  const json = async (...args: string[]): Promise<Record<string, unknown>> => {
    const { stdout } = await say(...args, '--json');
    return jsonLines(stdout)[0] ?? {};
  };

  before(async () => {
    cwd = project();
    await say('run', 'start', 'batch', '--id', 'b-1', '--input', '{"numbers":[1,2],"broken":true}', '--wait');
    for (const id of ['w-1', 'w-2', 'w-3'])
      await say('run', 'start', 'approval', '--id', id, '--label', 'note=a "b", c');
    await say('mailbox', 'send', 'desk', '--data', '1');
  });

  it('prints what --json does, as JSON and as YAML', async () => {
    for (const args of [
      ['run', 'list', '-n', '2'],
      ['run', 'show', 'b-1'],
      ['run', 'show', 'b-1', 'add'],
      ['run', 'state', 'b-1'],
    ]) {
      const expected = still(await json(...args));
      const [asJson, asYaml] = await Promise.all([say(...args, '--format', 'json'), say(...args, '--format', 'yaml')]);
      expect(still(jsonLines(asJson.stdout)[0]), args.join(' ')).to.deep.equal(expected);
      expect(still(parse(asYaml.stdout)), args.join(' ')).to.deep.equal(expected);
      expect(parseAllDocuments(asYaml.stdout)).to.have.length(1);
    }
  });

  it('prints ids alone, of every list and of what is shown', async () => {
    for (const [args, expected] of [
      [['run', 'list'], 'w-3\nw-2\nw-1\nb-1\n'],
      [['run', 'show', 'b-1'], 'b-1\n'],
      [['run', 'show', 'b-1', 'add'], 'b-1 add\n'],
      [['run', 'explain', 'w-1'], 'approved\ngreeted\n'],
      [['workflow', 'list'], 'greet\nhold\nstubborn\nbatch\napproval\nsaga\n'],
      [['mailbox', 'list'], '@desk\n'],
      [['agent', 'list'], /^adder\ndoubler\n/],
      [['views', 'list'], /^runs\n/],
      [['plugins', 'list'], /^[^\n]*sqlite[^\n]*\n/],
      [['mailbox', 'show', 'desk'], /^[^\s]+$/],
      [['run', 'messages', '@desk'], /^[^\s]+$/],
      [['views', 'show', 'runs'], /^[^\s]+\n?/],
    ] as const) {
      const { code, stdout, stderr } = await say(...args, '--format', 'ids');
      expect(code, `${args.join(' ')}: ${stderr}`).to.equal(0);
      if (typeof expected === 'string') expect(stdout, args.join(' ')).to.equal(expected);
      else
        expect(stdout.trimEnd(), args.join(' '))
          .to.match(expected)
          .and.not.match(/undefined|^$/m);
    }
  });

  it('is there for what compares, checks and does something, too', async () => {
    for (const [args, expected] of [
      [['run', 'diff', 'b-1', 'w-1'], /^$/],
      [['run', 'replay', 'b-1'], 'b-1\n'],
      [['run', 'graph', 'b-1'], 'b-1\n'],
      [['verify'], /\.db\n$/],
      [['workflow', 'validate'], 'greet\nhold\nstubborn\nbatch\napproval\nsaga\n'],
      [['workflow', 'compat', 'approval'], 'w-3\nw-2\nw-1\n'],
      [['projection', 'query', 'throughput', '--where', 'workflow:batch'], /^[^\n]+batch\n$/],
      [['projection', 'rebuild', 'runs'], 'runs\n'],
      [['run', 'start', 'approval', '--id', 'w-9'], 'w-9\n'],
      [['run', 'pause', 'w-9'], 'w-9\n'],
      [['run', 'cancel', '--query', 'id:w-9', '--yes', '--reason', 'x'], 'w-9\n'],
      [['run', 'delete', 'w-9', '--yes', '--reason', 'x'], 'w-9\n'],
    ] as const) {
      const { code, stdout, stderr } = await say(...args, '--format', 'ids');
      expect(code, `${args.join(' ')}: ${stderr}`).to.equal(0);
      if (typeof expected === 'string') expect(stdout, args.join(' ')).to.equal(expected);
      else expect(stdout, args.join(' ')).to.match(expected);
    }
    const csv = await say('doctor', '--format', 'csv');
    expect(csv.stdout).to.match(/^name,status,detail,fix\nnode,ok,/);
  });

  it('sorts a view by its numbers, and says by which it can', async () => {
    const keys = async (sort: string): Promise<readonly string[]> =>
      (
        await say('projection', 'query', 'runs', '--where', 'workflow:approval', '--sort', sort, '--format', 'ids')
      ).stdout
        .trim()
        .split('\n');
    expect(await keys('started')).to.deep.equal(['w-1', 'w-2', 'w-3']);
    expect(await keys('started:desc')).to.deep.equal(['w-3', 'w-2', 'w-1']);
    const text = await say('projection', 'query', 'runs', '--sort', 'workflow');
    expect([text.code, text.stderr]).to.satisfy(
      ([code, err]: [number, string]) => code === 2 && /cannot be sorted by 'workflow'.*started/.test(err),
    );
    expect((await say('projection', 'query', 'runs', 'a', '--where', 'b')).code).to.equal(2);
  });

  it('prints the events of a run in each format', async () => {
    const { stdout } = await say('run', 'history', 'b-1', '--json');
    const events = jsonLines(stdout);
    const ids = await say('run', 'history', 'b-1', '--format', 'ids');
    expect(ids.stdout.trim().split('\n')).to.deep.equal(events.map(({ revision }) => String(revision)));
    const yaml = await say('run', 'history', 'b-1', '--format', 'yaml');
    expect(parseAllDocuments(yaml.stdout).map((one) => one.toJS() as unknown)).to.deep.equal(events);
    const csv = await say('run', 'history', 'b-1', '--format', 'csv');
    expect(csv.stdout.split('\n')[0]).to.match(/^kind,revision,.*type,data,metadata/);
    expect(csv.stdout.trim().split('\n')).to.have.length(events.length + 1);
  });

  it('prints no id for what has none', () => {
    const ids = renderAs('ids', { id: ['file'] });
    expect([...(ids({ file: null }, () => undefined) as Iterable<string>)]).to.deep.equal([]);
    expect([...(ids({ file: 'a.json' }, () => undefined) as Iterable<string>)]).to.deep.equal(['a.json\n']);
  });

  it('writes no formula into a CSV file', () => {
    const row = { a: '=1+1', b: '+1', c: '-1', d: '@sum', e: ' =1', f: '\t=1', g: '\r=1', h: 'a=1', i: -1, '=j': [-1] };
    const pieces = renderAs('csv', { id: ['a'] })(row, () => undefined) as Iterable<string>;
    const [head, cells] = [...pieces].map((line) => line.trimEnd());
    expect(head).to.equal("a,b,c,d,e,f,g,h,i,'=j");
    expect(cells).to.equal("'=1+1,'+1,'-1,'@sum,' =1,'\t=1,\\u000d=1,a=1,-1,[-1]");
  });

  it('prints CSV with a head, in which every cell can be read again', async () => {
    const { stdout } = await say('run', 'list', 'status:running', '--format', 'csv');
    const [head, ...rows] = stdout.trimEnd().split('\n');
    expect(head).to.match(/^runId,workflow,status,startedAt,/);
    expect(rows).to.have.length(3);
    expect(rows[0])
      .to.match(/^w-3,approval,running,/)
      .and.contain('"{""note"":""a \\""b\\"", c""}"');
    const one = await say('run', 'show', 'b-1', '--format', 'csv');
    expect(one.stdout.trimEnd().split('\n')).to.have.length(2);
  });

  it('says on stderr that there are more, and is refused beside --json', async () => {
    const paged = await say('run', 'list', '-n', '1', '--format', 'ids');
    expect([paged.stdout, paged.stderr]).to.satisfy(
      ([out, err]: [string, string]) => out === 'w-3\n' && /There are more: --after \S+/.test(err),
    );
    const both = await say('run', 'list', '--json', '--format', 'ids');
    expect([both.code, both.stdout]).to.deep.equal([2, '']);
    const wrong = await say('run', 'list', '--format', 'xml');
    expect([wrong.code, wrong.stderr]).to.satisfy(
      ([code, err]: [number, string]) => code === 2 && /json, yaml, ids, csv/.test(err),
    );
    const failed = await say('run', 'show', 'nope', '--format', 'json');
    expect(JSON.parse(failed.stderr)).to.have.nested.property('error.code', 'REPRISE_RUN_NOT_FOUND');
  });

  it('gives ids that commands for many take from a pipe, and nobody is asked', async () => {
    const ids = (await say('run', 'list', 'status:running', '--format', 'ids')).stdout;
    const dry = await pipe(ids, 'run', 'pause', '-', '--dry-run');
    expect([dry.code, dry.stderr]).to.satisfy(
      ([code, err]: [number, string]) => code === 0 && /would pause 3 runs/.test(err),
    );
    const paused = await pipe(ids, 'run', 'pause', '-', '--by', 'kim', '--reason', 'lunch', '--json');
    expect(jsonLines(paused.stdout)[0]).to.deep.include({ query: null, matched: 3, failed: [] });
    const history = jsonLines((await say('run', 'history', 'w-2', '--type', 'RunPaused', '--json')).stdout)[0];
    expect(history?.['metadata']).to.include({ by: 'kim' });
    const exported = await pipe(ids, 'run', 'export', '-');
    expect(jsonLines(exported.stdout).filter(({ format }) => format === 'reprise-run')).to.have.length(3);
    const signalled = await pipe('w-1\n\nw-1\r\nw-3\n', 'run', 'signal', '-', 'approved', '--data', '{"by":"kim"}');
    expect(signalled.stderr).to.contain('2 runs signalled');
    const cancelled = await pipe(`${ids}b-1\n`, 'run', 'cancel', '-', '--reason', 'enough');
    expect(cancelled.code, 'one of them has ended').to.equal(1);
    expect(cancelled.stderr).to.match(/b-1: REPRISE_RUN_CLOSED[\s\S]*3 runs cancelled, 1 failed/);
  });

  it('takes nothing else from a pipe, and does nothing when one id is not there', async () => {
    for (const [input, code, words] of [
      ['RUN  STATUS\n', 2, 'Line 1 of stdin is no id of a run'],
      ['nope\n', 3, "There is no run 'nope' in this store. Nothing was done."],
    ] as const) {
      const refused = await pipe(input, 'run', 'cancel', '-', '--yes');
      expect([refused.code, refused.stderr]).to.satisfy(
        ([exit, err]: [number, string]) => exit === code && err.includes(words),
      );
    }
    const nothing = await pipe('', 'run', 'cancel', '-');
    expect([nothing.code, nothing.stderr]).to.satisfy(
      ([code, err]: [number, string]) => code === 0 && /no id on stdin/.test(err),
    );
  });
});
