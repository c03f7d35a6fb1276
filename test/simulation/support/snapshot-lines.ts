import type { Json } from '@reprise/core';
import { type Place, putBack } from '../../../core/src/orchestration/workflow/shared-values.ts';

interface Line {
  readonly shared?: Json;
  readonly places?: readonly Place[];
}

/** The lines of a state's text, every value where it belongs: states that differ only in what they share have the same ones. */
export function snapshotLines(text: string): readonly object[] {
  const values: Json[] = [];
  const lines: object[] = [];
  for (const line of text.split('\n')) {
    const { places = [], ...parsed } = JSON.parse(line) as Line;
    const whole = putBack(parsed, places, values);
    if (whole.shared === undefined) lines.push(whole);
    else values.push(whole.shared);
  }
  return lines;
}
