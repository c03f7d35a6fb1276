import { type Json, jsonProblem } from '../../shared/json.ts';
import type { Escalation, Wait } from '../definition.ts';
import type { Path, Report } from '../problem.ts';
import { APPROVAL } from '../schema/approval.ts';
import type { FormReader } from './form-reader.ts';
import { describe, type Fields, isFields, readDuration, readFields } from './read.ts';

/** `{ form, assignee, escalate, timeout, default }`, of which the timeout is read with the limits of the task. */
export function readForm(fields: Fields, path: Path, report: Report, reader: FormReader): Wait | undefined {
  for (const key of ['signal', 'buffered', 'message'])
    if (fields[key] !== undefined) report([...path, key], 'stands beside a form; keep one of the two');
  const schema = readSchema(fields['form'], [...path, 'form'], report, reader);
  const { assignee: who, default: instead } = fields;
  const assignee = who === undefined ? undefined : reader.named(who, [...path, 'assignee'], report);
  const otherwise = instead === undefined ? undefined : reader.value(instead, [...path, 'default'], report);
  const escalate = readEscalations(fields['escalate'], [...path, 'escalate'], report, reader);
  if (schema === undefined) return undefined;
  return {
    form: { schema, ...(assignee && { assignee }), ...(escalate && { escalate }) },
    ...(otherwise && { default: otherwise }),
  };
}

/** A JSON Schema, `approval`, or `{ $ref }` to a file that holds one. */
export function readSchema(value: unknown, path: Path, report: Report, reader: FormReader): Json | undefined {
  if (value === 'approval') return APPROVAL;
  const found = reader.schema(value, path, report);
  if (found === undefined) return undefined;
  if (!isFields(found) && typeof found !== 'boolean') {
    report(
      path,
      `must be a JSON Schema (an object), { $ref } to a file that holds one, or "approval", not ${describe(found)}`,
    );
    return undefined;
  }
  const problem = jsonProblem(found);
  if (problem === undefined) return found as Json;
  report(path, `is not plain JSON: ${problem}`);
  return undefined;
}

function readEscalations(
  value: unknown,
  path: Path,
  report: Report,
  reader: FormReader,
): readonly Escalation[] | undefined {
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) {
    report(path, `must be a list of { after, to }, not ${describe(value)}`);
    return undefined;
  }
  return value.flatMap((member: unknown, index): readonly Escalation[] => {
    const at = [...path, index];
    const fields = readFields(member, at, report, '{ after, to }', ['after', 'to']);
    if (fields === undefined) return [];
    for (const key of ['after', 'to']) if (fields[key] === undefined) report(at, `needs ${key}`);
    const afterMs = readDuration(fields['after'], [...at, 'after'], report);
    const to = fields['to'] === undefined ? undefined : reader.named(fields['to'], [...at, 'to'], report);
    return afterMs === undefined || to === undefined ? [] : [{ afterMs, to }];
  });
}
