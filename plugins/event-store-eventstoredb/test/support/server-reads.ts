import type { ReadReq } from '@eventstore/db-client/generated/streams_pb.js';
import { filterOf } from './answers.ts';
import type { ServerEvent, ServerLog } from './server-log.ts';

// What a read is answered from the log. `before`: a position; of what stands there and behind it the node does not know yet.

type Options = InstanceType<typeof ReadReq.Options>;

const BACKWARDS = 1;

export function eventsOfAll(
  log: ServerLog,
  options: Options,
  before = Number.POSITIVE_INFINITY,
): readonly ServerEvent[] {
  const end = before === Number.POSITIVE_INFINITY ? log.all.length : log.firstFrom(before);
  const count = Number(options.getCount());
  const fits = filterOf(options);
  const at = options.getAll()?.getPosition();
  const from = at === undefined ? undefined : log.firstFrom(Number(at.getCommitPosition()));
  const found: ServerEvent[] = [];
  const take = (index: number): void => {
    const event = log.all[index];
    if (event !== undefined && fits(event)) found.push(event);
  };
  if (options.getReadDirection() === BACKWARDS)
    for (let index = Math.min(end, from ?? end) - 1; index >= 0 && found.length < count; index -= 1) take(index);
  else if (options.getAll()?.hasEnd() !== true)
    for (let index = from ?? 0; index < end && found.length < count; index += 1) take(index);
  return found;
}

/** Undefined for a stream that is not there. */
export function eventsOfStream(
  log: ServerLog,
  options: Options,
  stream: string,
  before = Number.POSITIVE_INFINITY,
): readonly ServerEvent[] | undefined {
  const visible = log.visible(stream)?.filter(({ position }) => position < before);
  if (visible === undefined || visible.length === 0) return undefined;
  const of = options.getStream();
  const count = Number(options.getCount());
  const from = of?.hasRevision() === true ? Number(of.getRevision()) : undefined;
  if (options.getReadDirection() === BACKWARDS)
    return visible
      .toReversed()
      .filter(({ revision }) => from === undefined || revision <= from)
      .slice(0, count);
  if (of?.hasEnd() === true) return [];
  return visible.filter(({ revision }) => revision >= (from ?? 0)).slice(0, count);
}
