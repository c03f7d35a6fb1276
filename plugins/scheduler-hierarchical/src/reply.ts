import { type Json, jsonProblem } from '@reprise/core/plugin';
import type { ManagerReply } from './contract.ts';
import { isBag, unknownMembers } from './options.ts';

/** What an answer may have in all, without the output of the team: what is remembered of it has to fit into one decision. */
const MOST_BYTES = 48 * 1024;
const MOST_PROBLEMS = 20;
const STEP_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

type Say = (problem: string) => void;

/** What each action has beside its own member. `why` is for people, and may stand everywhere. */
const ACTIONS: Readonly<Record<string, readonly string[]>> = {
  plan: [],
  assign: ['to', 'input'],
  accept: [],
  reject: ['feedback'],
  replan: [],
  finish: [],
  finishWith: [],
  giveUp: [],
};
const ACTION_NAMES = Object.keys(ACTIONS);

export const bytesOf = (value: unknown): number => new TextEncoder().encode(JSON.stringify(value)).length;

/** An answer of the form that it has to have, or what is wrong with that form. Whether its steps and workers are there is another question. */
export function readReply(
  output: Json | undefined,
): { readonly reply: ManagerReply } | { readonly problems: readonly string[] } {
  const value = typeof output === 'string' ? fromText(output) : output;
  if (!isBag(value)) {
    const what = typeof output === 'string' ? 'text that is no JSON object' : describe(value);
    return { problems: [`Your answer is ${what}. Answer with an object: { "progress": …, "do": [ … ] }.`] };
  }
  const problems: string[] = [];
  const say: Say = (problem) => {
    problems.push(problem);
  };
  for (const problem of unknownMembers(value, ['progress', 'facts', 'do'], 'the answer')) say(problem);
  checkProgress(value['progress'], say);
  if (Array.isArray(value['do']))
    for (const [index, one] of value['do'].entries()) checkAction(one, `do[${index}]`, say);
  else say('do is not a list of what is to be done.');
  const without = { ...value, do: Array.isArray(value['do']) ? value['do'].map(withoutOutput) : null };
  const bytes = bytesOf(without);
  if (bytes > MOST_BYTES)
    say(`The answer has ${bytes} bytes; ${MOST_BYTES} are read. Plan fewer steps at once, and say less.`);
  return problems.length > 0
    ? { problems: problems.slice(0, MOST_PROBLEMS) }
    : { reply: value as unknown as ManagerReply };
}

/** A model that knows no schemas answers with text, often fenced. */
function fromText(text: string): unknown {
  const inner = /^\s*```(?:json)?\s*\n(.*?)\n\s*```\s*$/s.exec(text)?.[1] ?? text;
  try {
    const value: unknown = JSON.parse(inner);
    return jsonProblem(value) === undefined ? value : undefined;
  } catch {
    return undefined;
  }
}

const withoutOutput = (action: unknown): unknown =>
  isBag(action) && 'finish' in action ? { ...action, finish: 0 } : action;

function checkProgress(progress: unknown, say: Say): void {
  if (progress === undefined || progress === null) return;
  if (!isBag(progress)) return say('progress is not an object.');
  const flags = ['satisfied', 'progressing', 'looping'];
  for (const problem of unknownMembers(progress, [...flags, 'next'], 'progress')) say(problem);
  for (const flag of flags) if (typeof progress[flag] !== 'boolean') say(`progress.${flag} is not true or false.`);
  if (typeof progress['next'] !== 'string') say('progress.next is not text.');
}

function checkAction(action: unknown, place: string, say: Say): void {
  if (!isBag(action)) return say(`${place} is ${describe(action)}, not an object, such as { "accept": "a step" }.`);
  const said = ACTION_NAMES.filter((name) => name in action);
  const [name] = said;
  if (name === undefined || said.length > 1) {
    const more = unknownMembers(action, [...ACTION_NAMES, 'to', 'input', 'feedback', 'why'], place);
    say(`${place} needs one of ${ACTION_NAMES.join(', ')}${name === undefined ? '' : `, and has ${said.join(', ')}`}.`);
    return more.forEach(say);
  }
  const members = [name, ...(ACTIONS[name] ?? []), 'why'];
  for (const problem of unknownMembers(action, members, `${place} (${name})`)) say(problem);
  if (name === 'plan' || name === 'replan') return checkSteps(action[name], `${place}.${name}`, say);
  if (name === 'finish') return;
  if (typeof action[name] !== 'string' || action[name] === '')
    say(
      `${place}.${name} is ${describe(action[name])}, not ${name === 'giveUp' ? 'text that says why' : 'the name of a step'}.`,
    );
  checkTo(action['to'], place, say);
  if (name === 'reject' && (action['feedback'] ?? '') === '')
    say(`${place} rejects and does not say why, in feedback.`);
}

function checkSteps(steps: unknown, place: string, say: Say): void {
  if (!Array.isArray(steps)) return say(`${place} is not a list of steps.`);
  for (const [index, step] of steps.entries()) {
    const at = `${place}[${index}]`;
    if (!isBag(step)) {
      say(`${at} is ${describe(step)}, not a step, such as { "step": "draft", "work": "…", "to": "writer" }.`);
      continue;
    }
    for (const problem of unknownMembers(step, ['step', 'work', 'to', 'after', 'input'], at)) say(problem);
    const { step: name, work, to, after } = step;
    if (typeof name !== 'string' || !STEP_NAME.test(name))
      say(`${at}.step is ${describe(name)}, not a name of 1 to 64 letters, digits, ".", "_", "-".`);
    if (typeof work !== 'string' || work.trim() === '') say(`${at}.work does not say what is to be done.`);
    checkTo(to, at, say);
    if (
      after !== undefined &&
      after !== null &&
      !(Array.isArray(after) && after.every((one) => typeof one === 'string'))
    )
      say(`${at}.after is not a list of steps.`);
  }
}

function checkTo(to: unknown, place: string, say: Say): void {
  if (to !== undefined && to !== null && typeof to !== 'string')
    say(`${place}.to is ${describe(to)}, not the name of a worker.`);
}

/** A value, for whoever gave it: short. */
function describe(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length <= 60 ? text : `${text.slice(0, 57)}…`;
}
