import { readFileSync } from 'node:fs';
import type { JsonObject } from '../../core/src/shared/json.ts';

// What the interfaces say of their members, in doc comments, is what the documents say of them.

const SOURCES = [
  'shared/errors.ts',
  'shared/received-message.ts',
  'orchestration/messaging/announcements.ts',
  'orchestration/messaging/messages.ts',
  'orchestration/workflow/command-base.ts',
  'orchestration/workflow/commands.ts',
  'orchestration/workflow/directives.ts',
  'orchestration/workflow/messaging/message.ts',
];

/** The members of an interface, by name, each with what is said of it, if anything is. */
type Members = ReadonlyMap<string, string | undefined>;

/** Members that a shape may lack: workers say nothing of people, and the last of a chain of causes has none. */
const MAY_LACK: ReadonlySet<string> = new Set(['said', 'cause']);

const plain = (comment: string | undefined): string | undefined =>
  comment
    ?.replace(/\n\s*\* ?/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();

function readInterfaces(): ReadonlyMap<string, Members> {
  const found = new Map<string, Members>();
  for (const source of SOURCES) {
    const text = readFileSync(new URL(`../../core/src/${source}`, import.meta.url), 'utf8');
    for (const [, name = '', base = '', body = ''] of text.matchAll(
      /^(?:export )?interface (\w+)(?:<[^>]*>)?(?: extends (\w+))? \{\n([\s\S]*?)^\}/gm,
    )) {
      const own = [...body.matchAll(/^(?: {2}\/\*\*([\s\S]*?)\*\/\n)? {2}readonly (\w+)\??:/gm)];
      found.set(
        name,
        new Map([...(found.get(base) ?? []), ...own.map(([, said, member = '']) => [member, plain(said)] as const)]),
      );
    }
  }
  return found;
}

const without = (names: Iterable<string>): string =>
  [...names]
    .filter((name) => !MAY_LACK.has(name))
    .sort()
    .join();

/** A schema with what is said of its members: of each object that has the members of one of these interfaces. */
export function described(schema: JsonObject): JsonObject {
  const byMembers = new Map([...readInterfaces().values()].map((members) => [without(members.keys()), members]));
  const walk = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(walk);
    if (typeof value !== 'object' || value === null) return value;
    const all = Object.fromEntries(Object.entries(value).map(([key, one]) => [key, walk(one)]));
    const { properties } = all as { readonly properties?: Readonly<Record<string, JsonObject>> };
    const members = properties === undefined ? undefined : byMembers.get(without(Object.keys(properties)));
    if (properties === undefined || members === undefined) return all;
    const told = Object.entries(properties).map(([name, one]) => [name, withSaid(one, members.get(name))]);
    return { ...all, properties: Object.fromEntries(told) };
  };
  return walk(schema) as JsonObject;
}

/** What the shape says of the value goes behind what its member says. */
function withSaid(schema: JsonObject, said: string | undefined): JsonObject {
  if (said === undefined) return schema;
  const { description } = schema;
  return { ...schema, description: typeof description === 'string' ? `${said} (${description})` : said };
}
