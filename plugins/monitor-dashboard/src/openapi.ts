import type { JsonObject } from '@reprise/core/plugin';
import { bodySchema } from './calls.ts';
import type { Route } from './route.ts';

const ID: JsonObject = { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$' };

const problem = (description: string): JsonObject => ({
  description,
  content: { 'application/json': { schema: { $ref: '#/components/schemas/Problem' } } },
});

function operation(route: Route): JsonObject {
  const { id, path, permission, summary, query = {}, result, method } = route;
  const inPath = [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    schema: ID,
  }));
  const inQuery = Object.entries(query).map(([name, { description, required = false, choices, ...schema }]) => ({
    name,
    in: 'query',
    required,
    description,
    schema: { ...schema, ...(choices === undefined ? {} : { enum: [...choices] }) },
  }));
  return {
    operationId: id,
    summary,
    'x-permission': permission,
    ...(permission === 'open' ? { security: [] } : {}),
    parameters: [...inPath, ...inQuery] as unknown as JsonObject[],
    ...(method === 'post'
      ? { requestBody: { required: true, content: { 'application/json': { schema: bodySchema(route) } } } }
      : {}),
    responses: {
      200: {
        description: summary,
        content: { [result['type'] === 'string' ? 'text/csv' : 'application/json']: { schema: result } },
      },
      400: problem('The call does not fit.'),
      ...(permission === 'open' ? {} : { 401: problem('No session.'), 403: problem('The session may not.') }),
      ...(inPath.length > 0 ? { 404: problem('There is none.') } : {}),
      ...(method === 'post' ? { 409: problem('The run cannot do that now.') } : {}),
      503: problem('The store does not answer.'),
    },
  };
}

const sessionPost = (operationId: string, summary: string, open: boolean, properties: JsonObject): JsonObject => ({
  post: {
    operationId,
    summary,
    'x-permission': open ? 'open' : 'view',
    ...(open ? { security: [] } : {}),
    requestBody: {
      required: true,
      content: {
        'application/json': {
          schema: { type: 'object', properties, required: Object.keys(properties) },
        },
      },
    },
    responses: {
      200: { description: summary, content: { 'application/json': { schema: { type: 'object' } } } },
      401: problem(open ? 'That token is not known.' : 'No session.'),
      ...(open ? { 429: problem('Too many wrong tokens from this address.') } : {}),
    },
  },
});

/** The document of the API (OpenAPI 3.1), from its routes. `withTokens`: sessions are begun with one, by a route. */
export function openApi(
  routes: readonly Route[],
  version: string,
  { withTokens = false }: { readonly withTokens?: boolean } = {},
): JsonObject {
  const paths: Record<string, Record<string, JsonObject>> = {};
  for (const route of routes) {
    const path = `/api/v1${route.path.replaceAll(/:(\w+)/g, '{$1}')}`;
    paths[path] = { ...paths[path], [route.method]: operation(route) };
  }
  paths['/api/v1/stream'] = {
    get: {
      operationId: 'stream',
      summary: 'What is appended, as server-sent events: `snapshot`, then `change`; `reset` when too much was missed.',
      'x-permission': 'view',
      parameters: [
        {
          name: 'Last-Event-ID',
          in: 'header',
          required: false,
          description: 'The position to go on from: opaque.',
          schema: { type: 'string', maxLength: 512 },
        },
      ],
      responses: {
        200: { description: 'The stream.', content: { 'text/event-stream': { schema: { type: 'string' } } } },
      },
    },
  };
  if (withTokens) {
    const token: JsonObject = { type: 'string', maxLength: 200 };
    paths['/api/v1/login'] = sessionPost('session.begin', 'Trades a token for a session.', true, { token }) as never;
    paths['/api/v1/logout'] = sessionPost('session.end', 'Ends the session.', false, {}) as never;
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Reprise dashboard', version, description: 'What `reprise dashboard` serves.' },
    security: [{ session: [] }],
    paths,
    components: {
      securitySchemes: {
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: withTokens ? '__Host-reprise_PORT' : 'reprise_PORT',
          description: withTokens ? 'Begun with a token.' : 'Begun with the printed link.',
        },
      },
      schemas: {
        Problem: {
          type: 'object',
          required: ['error'],
          properties: {
            error: {
              type: 'object',
              required: ['code', 'message'],
              properties: { code: { type: 'string' }, message: { type: 'string' } },
            },
          },
        },
      },
    },
  };
}
