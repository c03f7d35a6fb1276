import { Validator } from '@cfworker/json-schema';
import { isId, type JsonObject, jsonProblem } from '@reprise/core/plugin';
import { HttpProblem } from './problems.ts';
import type { Call, Parameter, Parameters, Route } from './route.ts';
import type { DashboardSource } from './source.ts';

const bad = (message: string): HttpProblem => new HttpProblem(400, 'DASHBOARD_CALL_INVALID', message);

type Values = ReadonlyMap<string, string | number | boolean>;

const WHY = {
  type: 'string',
  minLength: 1,
  maxLength: 4096,
  pattern: '\\S',
  description: 'Why: it is put on record.',
} as const;

/** The JSON Schema of what a change is told. */
export const bodySchema = ({ body, plans }: Pick<Route, 'body' | 'plans'>): JsonObject => ({
  type: 'object',
  additionalProperties: false,
  properties: { ...body?.properties, ...(plans === true ? {} : { reason: WHY }) },
  required: [...(body?.required ?? []), ...(plans === true ? [] : ['reason'])],
});

/** Reads a call of a route. Throws HttpProblem for what does not fit what the route declares. */
export class CallReader {
  readonly #route: Route;
  readonly #validator: Validator | undefined;

  constructor(route: Route) {
    this.#route = route;
    this.#validator =
      route.method === 'post' ? new Validator(bodySchema(route) as object, '2020-12', false) : undefined;
  }

  async read(
    request: Request,
    path: Readonly<Record<string, string>>,
    source: DashboardSource,
    by: string,
    failed: (error: unknown) => void = () => undefined,
  ): Promise<Call> {
    for (const [name, id] of Object.entries(path)) if (!isId(id)) throw bad(`'${name}' of the path is no id.`);
    const values = readQuery(new URL(request.url).searchParams, this.#route.query ?? {});
    const { reason = '', ...body } = (await this.#body(request)) as JsonObject & { readonly reason?: string };
    return {
      source,
      path,
      text: (name) => values.get(name)?.toString(),
      number: (name) => values.get(name) as number | undefined,
      body,
      who: { by, reason },
      failed,
    };
  }

  async #body(request: Request): Promise<JsonObject> {
    if (this.#validator === undefined) return {};
    let body: unknown;
    try {
      body = JSON.parse(await request.text());
    } catch {
      throw bad('The body is no JSON.');
    }
    const problem = jsonProblem(body);
    if (problem !== undefined) throw bad(`The body is no plain JSON: ${JSON.stringify(problem)}`);
    const { valid, errors } = this.#validator.validate(body);
    if (valid) return body as JsonObject;
    const { instanceLocation = '#', error = '' } = errors.at(-1) ?? {};
    throw bad(`The body does not fit: ${instanceLocation} ${error}`.trim());
  }
}

function readQuery(given: URLSearchParams, declared: Parameters): Values {
  const values = new Map<string, string | number | boolean>();
  for (const [name, text] of given) {
    const parameter = Object.hasOwn(declared, name) ? declared[name] : undefined;
    if (parameter === undefined) throw bad(`There is no parameter '${name.slice(0, 40)}' here.`);
    if (values.has(name)) throw bad(`'${name}' is given twice.`);
    values.set(name, readValue(name, text, parameter));
  }
  for (const [name, { required, default: value }] of Object.entries(declared)) {
    if (values.has(name)) continue;
    if (required === true) throw bad(`'${name}' is missing.`);
    if (value !== undefined) values.set(name, value);
  }
  return values;
}

function readValue(name: string, text: string, parameter: Parameter): string | number | boolean {
  const { type, minimum = 0, maximum = Number.MAX_SAFE_INTEGER, maxLength = 4096, choices } = parameter;
  if (type === 'string') {
    if (choices !== undefined && !choices.includes(text)) throw bad(`'${name}' is one of ${choices.join(', ')}.`);
    if (text.length > maxLength) throw bad(`'${name}' has ${maxLength} characters at most.`);
    return text;
  }
  if (type === 'boolean') {
    if (text !== 'true' && text !== 'false') throw bad(`'${name}' is true or false.`);
    return text === 'true';
  }
  const number = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!(number >= minimum && number <= maximum)) throw bad(`'${name}' is a number from ${minimum} to ${maximum}.`);
  return number;
}
