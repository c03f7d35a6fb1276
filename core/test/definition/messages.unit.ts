// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are expressions of CEL.
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { definitionWarnings } from '../../src/definition/validation/definition-warnings.ts';
import {
  bindDefinition,
  cel,
  DEFAULT_RETRY,
  hashDefinition,
  jsonProblem,
  parseWorkflow,
  recordDefinition,
  type TaskDefinition,
  template,
  toMermaid,
  validateDefinition,
  type WorkflowDefinition,
  workflow,
  workflowToYaml,
} from '../../src/index.ts';
import { problemsOf, refused } from './support/refused.ts';

const PERFORMATIVES =
  '"request" or "agree" or "refuse" or "inform" or "failure" or "cfp" or "propose" or "accept-proposal" or ' +
  '"reject-proposal" or "cancel" or "not-understood" or "query" or "subscribe"';

describe('refused: a wait for a message', () => {
  const about = 'is about signals; a mailbox keeps what came, and `where` says what of it is wanted';
  const other = 'is no address: use the id of a task, or a name such as "#desk"';
  refused([
    [
      'neither true nor an object',
      'a: { wait: { message: false } }\nb: { wait: { message: [1] } }\nc: { wait: { message: } }',
      'tasks.a.wait.message: must be true, or an object that says which messages, not false',
      'tasks.b.wait.message: must be true, or an object that says which messages, not a list',
      'tasks.c.wait.message: must be true, or an object that says which messages, not null',
    ],
    [
      'what is not text, or is no word of it',
      't: { wait: { message: { mailbx: a, mailbox: 1, from: 5, type: [], conversation: 5, inReplyTo: {}, where: 7 } } }',
      "tasks.t.wait.message.mailbx: is not known here; did you mean 'mailbox'?",
      'tasks.t.wait.message.mailbox: must be text, not 1; put it in quotes: "1"',
      'tasks.t.wait.message.from: must be text, not 5; put it in quotes: "5"',
      'tasks.t.wait.message.type: must be text, not a list',
      'tasks.t.wait.message.conversation: must be text, not 5',
      'tasks.t.wait.message.inReplyTo: must be text, not an object',
      "tasks.t.wait.message.where: must be a CEL expression (text), not 7; write it as text: '7'",
    ],
    [
      'a performative that there is not',
      'a: { wait: { message: { performative: infrom } } }',
      `tasks.a.wait.message.performative: must be ${PERFORMATIVES}, not "infrom"; did you mean 'inform'?`,
    ],
    [
      'what is empty, or too long',
      [
        'a: { wait: { message: { mailbox: "", from: "", type: "", conversation: "", inReplyTo: "" } } }',
        `b: { wait: { message: { type: ${'x'.repeat(257)} } } }`,
        `c: { wait: { message: { type: ${'x'.repeat(256)} } } }`,
      ].join('\n'),
      `tasks.a.wait.message.mailbox: "" ${other}`,
      'tasks.a.wait.message.from: is empty',
      'tasks.a.wait.message.type: is empty',
      'tasks.a.wait.message.conversation: is empty',
      'tasks.a.wait.message.inReplyTo: is empty',
      'tasks.b.wait.message.type: has more than 256 characters',
    ],
    [
      'text that is meant as an expression',
      't: { wait: { message: { conversation: input.c, inReplyTo: input.c } } }',
      'tasks.t.wait.message.conversation: is the text "input.c"; for its value write "${ input.c }"',
      'tasks.t.wait.message.inReplyTo: is the text "input.c"; for its value write "${ input.c }"',
    ],
    [
      'beside a signal, a form, or what belongs to them',
      [
        'a: { wait: { message: true, signal: a } }',
        'b: { wait: { message: true, form: approval } }',
        'c: { wait: { message: true, assignee: me, escalate: [] } }',
        'd: { wait: { message: true, buffered: false } }',
        'e: { wait: { message: true, buffered: true } }',
      ].join('\n'),
      'tasks.a.wait.signal: stands beside a message; keep one of the two',
      'tasks.b.wait.message: stands beside a form; keep one of the two',
      'tasks.c.wait.assignee: belongs to a form, and this waits for a message',
      'tasks.c.wait.escalate: belongs to a form, and this waits for a message',
      `tasks.d.wait.buffered: ${about}`,
      `tasks.e.wait.buffered: ${about}`,
    ],
    [
      'input and undoing',
      'a: { wait: { message: true }, input: 1, compensate: undo }',
      'tasks.a.compensate: does nothing that could be undone; leave it out',
      'tasks.a.input: is for whom the task is handed to, and here that is nobody; leave it out (what the message brings is the output)',
    ],
    [
      'a where that cannot be asked',
      [
        'a: { wait: { message: { where: "message.data >" } } }',
        'b: { wait: { message: { where: "message.data == 99999999999999999999" } } }',
        'c: { wait: { message: { where: "output == item" } } }',
        'd: { wait: { message: { where: outputs.x == 1 } } }',
      ].join('\n'),
      'tasks.a.wait.message.where: CEL expression message.data >: Unexpected token: EOF.',
      'tasks.b.wait.message.where: CEL expression message.data == 99999999999999999999: the whole number 99999999999999999999 is beyond 9007199254740991 (2^53 - 1) and would be rounded; write it as text, in quotes, or with an exponent where a rounded number will do',
      "tasks.c.wait.message.where: 'output' is not available here: it is what a round gave, in repeat.until and in a loop, and the list so far, in forEach.until",
      "tasks.c.wait.message.where: 'item' is not available here: it is of a forEach, in the input of its task or inside its scope",
      "tasks.d.wait.message.where: outputs.x: there is no task 'x'",
    ],
    [
      'the message where there is none',
      'a: { set: "${ message.id }", when: message.data == 1 }\nb: { wait: { message: { conversation: "${ message.id }" } } }',
      "tasks.a.when: 'message' is not available here: it is the message that may be taken, in wait.message.where",
      "tasks.a.set: 'message' is not available here: it is the message that may be taken, in wait.message.where",
      "tasks.b.wait.message.conversation: 'message' is not available here: it is the message that may be taken, in wait.message.where",
    ],
  ]);
});

describe('refused: send', () => {
  refused([
    [
      'no object, or one that says not where to',
      'a: { send: }\nb: { send: bob }\nc: { send: { too: x } }',
      'tasks.a.send: must be an object with to, not null',
      'tasks.b.send: must be an object with to, not "bob"',
      "tasks.c.send.too: is not known here; did you mean 'to'?",
      'tasks.c.send: needs to, the mailbox that it goes to, or topic, what it is published under',
    ],
    [
      'what is nothing of the kind',
      't: { send: { to: 5, performative: 1, type: 3, conversation: 5, inReplyTo: 6, expires: soon, drop: false, until: acked } }',
      'tasks.t.send.to: must be text, not 5',
      `tasks.t.send.performative: must be ${PERFORMATIVES}, not 1`,
      'tasks.t.send.type: must be text, not 3; put it in quotes: "3"',
      'tasks.t.send.conversation: must be text, not 5',
      'tasks.t.send.inReplyTo: must be text, not 6',
      'tasks.t.send.expires: "soon" is not a duration; write milliseconds or text such as "250ms", "30s", "1h30m"',
      'tasks.t.send.drop: must be true, or be left out, not false',
      'tasks.t.send.until: must be "sent" or "acknowledged" or "replied", not "acked"',
    ],
    [
      'what is empty, or too long',
      `a: { send: { to: "" } }\nb: { send: { to: a, type: "", conversation: "", inReplyTo: "" } }\nc: { send: { to: a, type: ${'x'.repeat(257)} } }`,
      'tasks.a.send.to: is empty',
      'tasks.b.send.type: is empty',
      'tasks.b.send.conversation: is empty',
      'tasks.b.send.inReplyTo: is empty',
      'tasks.c.send.type: has more than 256 characters',
    ],
    [
      'text that is meant as an expression',
      't: { send: { to: input.who, data: outputs.x, inReplyTo: outputs.x } }',
      'tasks.t.send.to: is the text "input.who"; for its value write "${ input.who }"',
      'tasks.t.send.data: is the text "outputs.x"; for its value write "${ outputs.x }"',
      'tasks.t.send.inReplyTo: is the text "outputs.x"; for its value write "${ outputs.x }"',
    ],
    [
      'an expiry that is no time, or longer than a year',
      'a: { send: { to: a, expires: 0 } }\nb: { send: { to: a, expires: 367d } }\nc: { send: { to: a, expires: 366d } }',
      'tasks.a.send.expires: must be a duration from 1ms to ten years, not 0ms',
      'tasks.b.send.expires: must be 366 days at most, not 31708800000ms',
    ],
    [
      'a drop of what does not expire, or is waited for',
      'a: { send: { to: a, drop: true } }\nb: { send: { to: a, drop: true, expires: 1s, until: acknowledged } }',
      'tasks.a.send.drop: is about what becomes of a message that has expired; say when it does (expires)',
      'tasks.b.send.drop: would leave the task waiting for a message that nobody tells of; leave it out',
    ],
    [
      'dead letters',
      'a: { send: { to: "#dead-letters" } }',
      'tasks.a.send.to: is where dead letters come to; nothing is sent there',
    ],
    [
      'data and input',
      'a: { send: { to: a, data: 1 }, input: 2 }',
      'tasks.a.input: is what a send without data sends, and this has data; keep one of the two',
    ],
    [
      'what is of agents',
      't: { send: { to: t }, compensate: undo, retry: 3, may: send, delivery: at-most-once, timeout: { attempt: 1s, heartbeat: 1s } }',
      'tasks.t.retry: has no effect: there are no attempts to make again; leave it out',
      'tasks.t.compensate: does nothing that could be undone; leave it out',
      'tasks.t.delivery: at-most-once is about attempts of agents, and no agent does this task; leave it out',
      'tasks.t.may: is what an agent may do to the run, and no agent does this task; leave it out',
      'tasks.t.timeout.attempt: is the limit of an attempt of an agent, and no agent does this task; use "task"',
      'tasks.t.timeout.heartbeat: is for agents, which send heartbeats, and no agent does this task; leave it out',
    ],
    [
      'another performer',
      'a: { send: { to: a }, agent: x }\nb: { send: { to: a }, wait: { message: true } }',
      'tasks.a.send: stands beside an agent; keep one of the two',
      "tasks.b.send: stands beside 'wait'; keep one of the two",
    ],
    [
      'a misspelt permission',
      'a: { agent: x, may: [send, snd] }',
      `tasks.a.may[1]: must be "spawn" or "link" or "addItems" or "finish" or "handOff" or "goto" or "cancel" or "send" or "sendAcross", not "snd"; did you mean 'send'?`,
    ],
    [
      'expressions of what is not there',
      't: { send: { to: "${ outputs.a.b }", data: { x: "${ message.id }" }, conversation: "${ item }", inReplyTo: "${ 1 + }" } }',
      "tasks.t.send.to: outputs.a: there is no task 'a'",
      "tasks.t.send.data.x: 'message' is not available here: it is the message that may be taken, in wait.message.where",
      "tasks.t.send.conversation: 'item' is not available here: it is of a forEach, in the input of its task or inside its scope",
      'tasks.t.send.inReplyTo: CEL expression 1 +: Unexpected token: EOF.',
    ],
  ]);
});

describe('refused: addresses', () => {
  const around = 'in its block, or in those around it';
  const blocks =
    'book: { forEach: input.list, scope: { pay: { agent: q }, parts: { agent: q, forEach: item.parts } } }';
  refused([
    [
      'a mailbox that nobody has declared',
      't: { send: { to: "#desk" } }',
      "tasks.t.send.to: the workflow has no mailbox 'desk'; say so at its top: mailboxes: { desk: {} }",
    ],
    [
      'no address at all',
      'a: { send: { to: a b } }\nb: { wait: { message: { mailbox: "@desk" } } }',
      'tasks.a.send.to: "a b" is no address: use the id of a task, or a name such as "#desk"',
    ],
    [
      'a task that there is not',
      'a: { send: { to: writr } }\nb: { wait: { message: { mailbox: nothing } } }\nwriter: { agent: q }',
      `tasks.a.send.to: there is no task 'writr' ${around}; did you mean 'writer'?`,
      `tasks.b.wait.message.mailbox: there is no task 'nothing' ${around}`,
    ],
    [
      'one inside another block, by its id alone',
      `a: { send: { to: pay } }\n${blocks}`,
      `tasks.a.send.to: there is no task 'pay' ${around}`,
    ],
    [
      'a list as a whole, and an item of none',
      `a: { send: { to: book } }\nb: { send: { to: "a[1]" } }\nc: { send: { to: "book[0]/parts" } }\nd: { send: { to: book/pay } }\n${blocks}`,
      `tasks.a.send.to: 'book' is a list, whose items have mailboxes one by one: write "book[0]", or use a name (mailboxes) for all of them`,
      `tasks.b.send.to: 'a' is no list, and has no items; write "a"`,
      `tasks.c.send.to: 'book[0]/parts' is a list, whose items have mailboxes one by one: write "book[0]/parts[0]", or use a name (mailboxes) for all of them`,
      `tasks.d.send.to: 'book' is a list, whose items have mailboxes one by one: write "book[0]", or use a name (mailboxes) for all of them`,
    ],
    [
      'a path that leads nowhere',
      `a: { send: { to: "book[0]/pya" } }\nb: { send: { to: bok/pay } }\nc: { send: { to: a/x } }\n${blocks}`,
      "tasks.a.send.to: there is no task 'pya' in 'book[0]'; did you mean 'pay'?",
      `tasks.b.send.to: there is no task 'bok' ${around}; did you mean 'book'?`,
      "tasks.c.send.to: there is no task 'x' in 'a'",
    ],
  ]);

  it('a declared name that is misspelt', () => {
    const said = problemsOf('t: { send: { to: "#dsek" } }', 'mailboxes: { desk: {} }');
    expect(said).to.deep.equal(["tasks.t.send.to: the workflow has no mailbox 'dsek'; did you mean '#desk'?"]);
  });

  it('a declared name without its #', () => {
    const tasks = 't: { send: { to: desk } }\nu: { wait: { message: { mailbox: desk } } }\ndes: { agent: q }';
    const said = `there is no task 'desk' ${around}; did you mean "#desk"?`;
    expect(problemsOf(tasks, 'mailboxes: { desk: {} }')).to.deep.equal([
      `tasks.t.send.to: ${said}`,
      `tasks.u.wait.message.mailbox: ${said}`,
    ]);
  });

  it('a name declared with its #, once, where it is declared', () => {
    const said = problemsOf('t: { send: { to: "#desk" } }', 'mailboxes: { "#desk": {} }');
    expect(said).to.deep.equal(['mailboxes.#desk: is the address of a mailbox; declare it without #: desk']);
  });

  it('what is right: names, items, paths, tasks of the blocks around and of handlers, and what is computed', () => {
    const tasks = [
      'a: { send: { to: "#desk" } }',
      'b: { send: { to: b } }',
      'c: { send: { to: "book[3]/parts[1]" } }',
      'd: { send: { to: "${ input.who }" } }',
      'e: { wait: { message: { mailbox: "#dead-letters" } } }',
      'f: { scope: { inner: { send: { to: b } }, h: { wait: { message: { mailbox: handler } } } }, catch: [{ do: { handler: { send: { to: inner } }, other: { send: { to: a } } }, then: continue }] }',
      'g: { wait: { message: { from: anybody, mailbox: "book[0]" } } }',
      blocks,
    ];
    expect(problemsOf(tasks.join('\n'), 'mailboxes: { desk: {} }')).to.deep.equal([]);
  });
});

describe('refused: topics', () => {
  const topics = (said: string, tasks = 't: { agent: q }'): readonly string[] => problemsOf(tasks, `topics: ${said}`);
  const sends = (...said: readonly string[]): readonly string[] =>
    problemsOf(
      said.map((one, index) => `t${index}: { send: ${one} }`).join('\n'),
      'mailboxes: { desk: {} }\ntopics: { news: {} }',
    );

  it('no object of topics, or of what is said of one', () => {
    expect(topics('[]')).to.deep.equal(['topics: must be an object of topics by name, not a list']);
    expect(
      topics('{ a: 5, b: { limit: 3 }, c: { subscribers: 3 }, d: { subscribers: [3] }, e: { subscribers: null } }'),
    ).to.deep.equal([
      'topics.a: must be an object: {} or { subscribers }, not 5',
      'topics.b.limit: is not known here (known: subscribers)',
      'topics.c.subscribers: must be text or a list of texts, not 3',
      'topics.d.subscribers[0]: must be text, not 3; put it in quotes: "3"',
      'topics.e.subscribers: must be text, not null; in YAML, an address that begins with # is in quotes: "#desk"',
    ]);
  });

  it('names that are none, or those of mailboxes', () => {
    expect(
      problemsOf(
        't: { agent: q }',
        'mailboxes: { desk: {} }\ntopics: { a b: {}, "#c": {}, dead-letters: {}, desk: {} }',
      ),
    ).to.deep.equal([
      'topics.a b: "a b" is not the name of a topic: use 1 to 128 letters, digits, ".", "_" or "-", starting with a letter or digit',
      'topics.#c: is what is published under; declare it without #: c',
      'topics.dead-letters: is the mailbox of dead letters, which each run has; choose another name',
      'topics.desk: is the name of a mailbox, too: "#desk" would be both; choose another one for one of them',
    ]);
  });

  it('subscribers that are not there', () => {
    const said = '{ news: { subscribers: ["#desk", tt, "#news", "#dead-letters", t, t, "@all", inner, block/inner] } }';
    const tasks = 't: { agent: q }\nblock: { scope: { inner: { agent: q } } }';
    expect(topics(said, tasks)).to.deep.equal([
      "topics.news.subscribers[0]: the workflow has no mailbox 'desk'; say so at its top: mailboxes: { desk: {} }",
      "topics.news.subscribers[1]: there is no task 'tt' in its block, or in those around it",
      "topics.news.subscribers[2]: 'news' is a topic, and no mailbox: it is published to (topic)",
      'topics.news.subscribers[3]: is where dead letters come to; nothing is sent there',
      'topics.news.subscribers[5]: is named twice',
      'topics.news.subscribers[6]: "@all" is no address: use the id of a task, or a name such as "#desk"',
      "topics.news.subscribers[7]: there is no task 'inner' in its block, or in those around it",
    ]);
    expect(
      topics('{ news: { subscribers: [list, "list[1]"] } }', 'list: { agent: q, forEach: input.list }'),
    ).to.deep.equal([]);
    expect(
      topics('{ news: { subscribers: list/x } }', 'list: { forEach: input.list, scope: { x: { agent: q } } }')[0],
    ).to.contain("'list' is a list");
  });

  it('sends to none, or to both', () => {
    expect(sends('{ to: t0, topic: "#news" }', '{ topic: null }').join()).to.contain(
      'tasks.t0.send: goes to one mailbox (to), or to whoever subscribes (topic); keep one of the two',
    );
    expect(
      sends('{ topic: "#nwes" }', '{ topic: news }', '{ topic: "#desk" }', '{ to: "#news" }', '{ topic: "#other" }'),
    ).to.deep.equal([
      "tasks.t0.send.topic: the workflow has no topic 'nwes'; did you mean '#news'?",
      'tasks.t1.send.topic: "news" is no topic: they are written as "#news"; did you mean "#news"?',
      `tasks.t2.send.topic: 'desk' is a mailbox, and no topic: write to: "#desk"`,
      "tasks.t3.send.to: 'news' is a topic, and no mailbox: it is published to (topic)",
      "tasks.t4.send.topic: the workflow has no topic 'other'; say so at its top: topics: { other: {} }",
    ]);
  });

  it('what is said to one', () => {
    expect(
      sends(
        '{ topic: "#news", conversation: c, inReplyTo: m, until: replied }',
        '{ topic: "#news", until: acknowledged }',
      ),
    ).to.deep.equal([
      'tasks.t0.send.conversation: is said to one, and what is published goes to whoever subscribes; leave it out',
      'tasks.t0.send.inReplyTo: is said to one, and what is published goes to whoever subscribes; leave it out',
      'tasks.t0.send.until: waits for one, and what is published goes to whoever subscribes; leave it out',
      'tasks.t1.send.until: waits for one, and what is published goes to whoever subscribes; leave it out',
    ]);
  });

  it('answers that nobody is asked for', () => {
    expect(
      sends(
        '{ to: t0, until: replied, performative: agree }',
        '{ to: t0, deadline: 1s }',
        '{ to: t0, performative: request, deadline: 400d }',
        '{ to: t0, until: replied, performative: cfp }',
        '{ to: t0, until: replied, performative: subscribe, deadline: 1h }',
      ),
    ).to.deep.equal([
      'tasks.t0.send.performative: is answered by nobody (agree); ask by request or query, or leave it out: request',
      'tasks.t1.send.deadline: is about an answer, and inform asks for none; use expires for how long it may lie there',
      'tasks.t2.send.deadline: must be 366 days at most, not 34560000000ms',
      'tasks.t3.send.performative: calls for proposals, and a send can neither accept nor reject the one that it is told: whoever makes it would wait for that; ask by query, or let an agent call (messages.request), which can',
      'tasks.t4.send.performative: asks to be told again and again, and a send hears the first of it: whoever tells would go on; ask by query, or let an agent subscribe, which can cancel',
    ]);
    expect(
      sends(
        '{ to: t0, until: replied, deadline: 1h }',
        '{ to: t0, performative: agree, deadline: 1h }',
        '{ to: t0, until: replied, performative: query }',
        '{ to: t0, performative: cfp, deadline: 1h }',
      ),
    ).to.deep.equal([]);
  });
});

describe('refused: mailboxes', () => {
  const cases: readonly (readonly [what: string, mailboxes: string, ...said: readonly string[]])[] = [
    ['a list', '[]', 'mailboxes: must be an object of mailboxes by name, not a list'],
    ['a number', '5', 'mailboxes: must be an object of mailboxes by name, not 5'],
    [
      'names that are none, and the one that each run has',
      '{ "a b": {}, "#desk": {}, dead-letters: {} }',
      'mailboxes.a b: "a b" is not the name of a mailbox: use 1 to 128 letters, digits, ".", "_" or "-", starting with a letter or digit',
      'mailboxes.#desk: is the address of a mailbox; declare it without #: desk',
      'mailboxes.dead-letters: is the mailbox of dead letters, which each run has; choose another name',
    ],
    [
      'what is no mailbox',
      '{ a: 5, b: [], c: { limt: 1 } }',
      'mailboxes.a: must be an object: {} or { limit, retry }, not 5',
      'mailboxes.b: must be an object: {} or { limit, retry }, not a list',
      "mailboxes.c.limt: is not known here; did you mean 'limit'?",
    ],
    [
      'limits',
      '{ a: { limit: many }, b: { limit: 0 }, c: { limit: 1.5 }, d: { limit: 100001 } }',
      'mailboxes.a.limit: must be a number, not "many"',
      'mailboxes.b.limit: must be a whole number of 1 or more, not 0',
      'mailboxes.c.limit: must be a whole number of 1 or more, not 1.5',
      'mailboxes.d.limit: must be 100000 at most, not 100001',
    ],
    [
      'retries',
      '{ a: { retry: 0 }, b: { retry: 101 }, c: { retry: { initialDelay: -1 } }, d: { retry: { initialDelay: 2m, maxDelay: 1m } }, e: { retry: { nonRetryable: [A] } } }',
      'mailboxes.c.retry.initialDelay: -1 is not a duration; write milliseconds or text such as "250ms", "30s", "1h30m"',
      'mailboxes.d.retry.maxDelay: is 60000ms, shorter than the initialDelay of 120000ms; make it at least as long, or leave it out',
      'mailboxes.a.retry.maxAttempts: must be a whole number of 1 or more, not 0',
      'mailboxes.b.retry.maxAttempts: must be 100 at most, not 101',
      'mailboxes.e.retry.nonRetryable: is about attempts of a task; the agent says it of a message (requeue: false)',
    ],
  ];
  for (const [what, mailboxes, ...said] of cases)
    it(what, () => expect(problemsOf('t: { agent: q }', `mailboxes: ${mailboxes}`)).to.deep.equal(said));
});

const read = (text: string): WorkflowDefinition => parseWorkflow(text).definition;

describe('definitions that are made by hand', () => {
  const { definition } = workflow('x').wait('t', { message: true }).build();
  const [task] = definition.tasks;
  const problems = (wait: TaskDefinition['wait']): readonly string[] =>
    validateDefinition({ ...definition, tasks: [{ ...(task as TaskDefinition), ...(wait && { wait }) }] }).map(
      ({ path, message }) => `${path.join('.')}: ${message}`,
    );

  it('have a schema for data that is one', () => {
    const said = problemsOf(
      'a: { wait: { message: { schema: 5 } } }\nb: { wait: { message: { schema: { type: shape } } } }',
    );
    expect(said).to.have.lengthOf(2);
    expect(said[0]).to.match(/^tasks.a.wait.message.schema: must be a JSON Schema/);
    expect(said[1]).to.match(/^tasks.b.wait.message.schema.type: /);
  });

  it('say one thing that is waited for', () => {
    expect(problems({})).to.deep.equal(['tasks.t.wait: needs signal, form or message']);
    expect(problems({ signal: template('a'), message: {} })).to.deep.equal([
      'tasks.t.wait.message: stands beside a signal; keep one of the two',
    ]);
    expect(problems({ message: {}, buffered: false })).to.deep.equal([
      'tasks.t.wait.buffered: is about signals; a mailbox keeps what came, and `where` says what of it is wanted',
    ]);
  });
});

describe('the words of messages', () => {
  const whole = `
name: x
mailboxes: { desk: , orders: { limit: 5000, retry: 3 }, slow: { retry: { initialDelay: 2s, factor: 1, jitter: 0 } } }
topics: { news: , prices: { subscribers: "#desk" }, all: { subscribers: ["#orders", writer] } }
tasks:
  ask:
    send:
      to: writer
      data: { n: "\${ input.n }" }
      performative: request
      type: order
      conversation: "\${ 'c' + string(input.n) }"
      inReplyTo: m1
      expires: 30s
      drop: true
      until: sent
  hand: { send: { to: "\${ input.who }" }, input: 5 }
  tell: { send: { topic: "\${ input.topic }", data: 1, type: news, expires: 5s } }
  quote: { send: { to: writer, performative: query, until: replied, deadline: 1h } }
  any: { wait: { message: true, timeout: 1h, default: null } }
  said:
    wait:
      message:
        mailbox: "#orders"
        from: writer
        performative: accept-proposal
        type: order
        conversation: c1
        inReplyTo: "\${ outputs.ask.id }"
        where: message.data.n > 1
        schema: { type: object, required: [n] }
    after: ask
  writer: { agent: writer, may: [send] }
`;

  it('are read', () => {
    const { mailboxes, topics, tasks } = read(whole);
    expect(mailboxes).to.deep.equal({
      desk: {},
      orders: { limit: 5000, retry: { ...DEFAULT_RETRY, maxAttempts: 3 } },
      slow: { retry: { ...DEFAULT_RETRY, maxAttempts: 5, initialDelayMs: 2000, factor: 1, jitter: 0 } },
    });
    expect(topics).to.deep.equal({
      news: {},
      prices: { subscribers: ['#desk'] },
      all: { subscribers: ['#orders', 'writer'] },
    });
    const [ask, hand, tell, quote, any, said] = tasks;
    expect(tell?.send).to.deep.equal({ topic: cel('input.topic'), data: template(1), type: 'news', expiresMs: 5000 });
    expect(quote?.send).to.deep.equal({
      to: template('writer'),
      performative: 'query',
      until: 'replied',
      deadlineMs: 3_600_000,
    });
    expect(ask?.send).to.deep.equal({
      to: template('writer'),
      data: template({ n: '${ input.n }' }),
      performative: 'request',
      type: 'order',
      conversation: cel("'c' + string(input.n)"),
      inReplyTo: template('m1'),
      expiresMs: 30_000,
      drop: true,
      until: 'sent',
    });
    expect(hand?.send).to.deep.equal({ to: cel('input.who') });
    expect(any?.wait).to.deep.equal({ message: {}, default: template(null) });
    expect(any?.timeouts).to.deep.equal({ taskMs: 3_600_000 });
    expect(said?.wait).to.deep.equal({
      message: {
        mailbox: '#orders',
        from: 'writer',
        performative: 'accept-proposal',
        type: 'order',
        conversation: template('c1'),
        inReplyTo: cel('outputs.ask.id'),
        where: cel('message.data.n > 1'),
        schema: { type: 'object', required: ['n'] },
      },
    });
  });

  it('are written so that they are read back to themselves', () => {
    const definition = read(whole);
    const text = workflowToYaml(definition);
    expect(hashDefinition(read(text))).to.equal(hashDefinition(definition));
    expect(workflowToYaml(read(text))).to.equal(text);
    for (const line of [
      'required:',
      'news: {}',
      'deadline: 1h',
      'until: replied',
      'desk: {}',
      'limit: 5000',
      'expires: 30s',
      'message: true',
      'where: message.data.n > 1',
    ])
      expect(text).to.include(line);
    // What is not said is not written.
    const short = workflowToYaml(read('name: x\ntasks: { t: { send: { to: t } } }'));
    expect(short).to.not.match(/data|drop|until|mailboxes|topics|deadline/);
  });

  it('of functions have no text', () => {
    const { definition } = workflow<{ n: string }>('x')
      .send('ask', { to: ({ input }) => input.n, data: ({ input }) => input })
      .wait('said', { message: { where: ({ message }) => message.delivery > 1, conversation: ({ input }) => input.n } })
      .build();
    expect(() => workflowToYaml(definition)).to.throw(/tasks\.ask\.send\.to: a function here has no YAML form/);
    expect(() => workflowToYaml(definition)).to.throw(/tasks\.said\.wait\.message\.where: a function here/);
    const recorded = recordDefinition(definition);
    expect(jsonProblem(recorded)).to.equal(undefined);
    expect(hashDefinition(recorded)).to.equal(hashDefinition(definition));
    expect(bindDefinition(recorded, definition).definition).to.deep.equal(definition);
    expect(bindDefinition(recorded, undefined).missing).to.deep.equal([
      "task 'ask': send.to",
      "task 'ask': send.data",
      "task 'said': wait.message.conversation",
      "task 'said': wait.message.where",
    ]);
  });

  it('are one language in TypeScript and in YAML', () => {
    const { definition } = workflow('x', {
      mailboxes: { desk: {}, orders: { limit: 5, retry: 3 } },
      topics: { news: { subscribers: '#desk' }, all: {} },
    })
      .task('writer', 'writer', { may: 'send' })
      .send('ask', { to: 'writer', data: 1, performative: 'request', expires: '30s', until: 'acknowledged' })
      .wait('said', { message: { mailbox: '#desk', from: 'writer' }, timeout: '1h' }, { after: 'ask' })
      .wait('any', { message: true }, { after: 'said' })
      .send('tell', { topic: '#news', data: 2 })
      .send('quote', { to: 'writer', data: 3, until: 'replied', deadline: '1h' })
      .build();
    const text = `
name: x
mailboxes: { desk: {}, orders: { limit: 5, retry: 3 } }
topics: { news: { subscribers: "#desk" }, all: {} }
tasks:
  writer: { agent: writer, may: send }
  ask: { send: { to: writer, data: 1, performative: request, expires: 30s, until: acknowledged } }
  said: { wait: { message: { mailbox: "#desk", from: writer }, timeout: 1h }, after: ask }
  any: { wait: { message: true }, after: said }
  tell: { send: { topic: "#news", data: 2 } }
  quote: { send: { to: writer, data: 3, until: replied, deadline: 1h } }
`;
    expect(read(text)).to.deep.equal(definition);
  });

  it('are part of the hash; a definition without them has the one that it had', () => {
    const plain = read('name: x\ntasks: { t: { agent: q } }');
    expect(hashDefinition(plain)).to.equal('2592f2fd59c6fb843ac076eb0e5a92e6f9fda6fb0ba5b80f7af50be919bb4726');
    const same = read('name: x\ntasks: { t: { wait: { signal: go } } }');
    expect(hashDefinition(same)).to.equal('2dce548c5468f3c9e40a25a51ea87ed7e68239e7483ba5c6e27e072449d2da62');
    const hashes = [
      'name: x\nmailboxes: {}\ntasks: { t: { agent: q } }',
      'name: x\nmailboxes: { a: {} }\ntasks: { t: { agent: q } }',
      'name: x\nmailboxes: { a: { limit: 5 } }\ntasks: { t: { agent: q } }',
      'name: x\ntasks: { t: { wait: { message: true } } }',
      'name: x\ntasks: { t: { wait: { message: { from: a } } } }',
      'name: x\ntasks: { t: { send: { to: t } } }',
      'name: x\ntasks: { t: { send: { to: t, until: sent } } }',
      'name: x\ntasks: { t: { send: { to: t, until: replied } } }',
      'name: x\ntasks: { t: { send: { to: t, until: replied, deadline: 1s } } }',
      'name: x\ntopics: { a: {} }\ntasks: { t: { agent: q } }',
      'name: x\nmailboxes: { b: {} }\ntopics: { a: { subscribers: "#b" } }\ntasks: { t: { agent: q } }',
      'name: x\ntopics: { a: {} }\ntasks: { t: { send: { topic: "#a" } } }',
    ].map((text) => hashDefinition(read(text)));
    expect(new Set([...hashes, hashDefinition(plain), hashDefinition(same)])).to.have.length(hashes.length + 2);
  });

  it('are drawn', () => {
    const picture = toMermaid(read(whole));
    expect(picture).to.match(/hand\["?>|>"hand/);
    for (const label of ['ask', 'said<br/>waits for a message', 'any', 'may send', 'quote<br/>asks writer'])
      expect(picture).to.include(label);
    expect(picture).to.not.include('asks somebody');
  });

  it('are warned of where they have no effect, or a name is close to that of a task', () => {
    const warned = (tasks: string): readonly string[] =>
      definitionWarnings(read(`name: x\ntasks:\n  ${tasks}\n`)).map(
        ({ path, message }) => `${path.join('.')}: ${message}`,
      );
    expect(warned('t: { send: { to: t }, timeout: 1s }')).to.deep.equal([
      'tasks.t.timeout: has no effect: a send takes no time, and what it waits for before does not count; leave it out',
    ]);
    expect(warned('t: { send: { to: t, until: acknowledged }, timeout: 1s }')).to.deep.equal([]);
    expect(warned('t: { wait: { message: true, default: 1 } }')).to.deep.equal([
      'tasks.t.wait.default: has no effect without a timeout: it is the output when the time is up',
    ]);
    expect(warned('writer: { agent: q }\n  t: { wait: { message: { from: writr } } }')).to.deep.equal([
      "tasks.t.wait.message.from: is the id of no task, and then the name that a program gave itself; did you mean 'writer'?",
    ]);
    const list = 'writer: { agent: q, forEach: input.list }\n  t: { wait: { message: { from: ';
    for (const from of ['writer', '"writer[2]"', 'writer/inner', 'somebody-else'])
      expect(warned(`${list}${from} } } }`), from).to.deep.equal([]);
  });
});

describe('what is not said of a mailbox', () => {
  it('is five deliveries, in text and back', () => {
    const text =
      'name: m\nversion: "1"\nmailboxes: { desk: { retry: { initialDelay: 5s } }, few: { retry: { maxAttempts: 3, initialDelay: 5s } } }\ntasks: { t: { agent: a } }\n';
    const { definition } = parseWorkflow(text);
    expect(definition.mailboxes?.['desk']?.retry).to.include({ maxAttempts: 5, initialDelayMs: 5000 });
    const again = parseWorkflow(workflowToYaml(definition)).definition;
    expect(again.mailboxes).to.deep.equal(definition.mailboxes);
  });

  it('an address that YAML takes for a comment is said to need quotes', () => {
    expect(problemsOf('t: { wait: { message: { mailbox: null } } }', 'mailboxes: { desk: {} }')[0]).to.contain(
      'tasks.t.wait.message.mailbox: must be text, not null; in YAML, an address that begins with # is in quotes: "#desk"',
    );
    expect(problemsOf('t: { send: { to: null } }', 'mailboxes: { desk: {} }').join()).to.contain(
      'is in quotes: "#desk"',
    );
  });
});
