import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { COMPENSATION } from './decisions/compensation.ts';
import type { Decision } from './decisions/decision.ts';
import { FAILING } from './decisions/failing.ts';
import { IDS } from './decisions/ids.ts';
import { LOOPS } from './decisions/loops.ts';
import { MESSAGES } from './decisions/messages.ts';
import { STARTING } from './decisions/starting.ts';
import { INPUTS, TIME, WRITING } from './decisions/time-and-writing.ts';

// What was decided about the language, sentence by sentence, each with the tests that show it: here by given, when and then, or by title where
// they stand elsewhere.

const SECTIONS: Readonly<Record<string, readonly Decision[]>> = {
  'Ids, visibility': IDS,
  Starting: STARTING,
  Loops: LOOPS,
  Failing: [...FAILING, ...COMPENSATION],
  Time: TIME,
  Inputs: INPUTS,
  Messages: MESSAGES,
  'Writing it': WRITING,
};

const textOf = (file: string): string => readFileSync(new URL(`../../../../${file}`, import.meta.url), 'utf8');

for (const [section, decisions] of Object.entries(SECTIONS)) {
  describe(`decided: ${section}`, () => {
    for (const { says, shown = {}, elsewhere = [] } of decisions) {
      describe(says, () => {
        for (const [title, test] of Object.entries(shown)) it(title, test);
        for (const [file, title] of elsewhere)
          it(`see ${file}: ${title}`, () => expect(textOf(file)).to.include(title));
      });
    }
  });
}
