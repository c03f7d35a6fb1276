import type { BaseOptions } from '@platformatic/kafka';
import { FIRST_RETRY_MS, LAST_RETRY_MS } from '../insisting.ts';
import type { ResolvedOptions, ResolvedSasl, ResolvedTls } from '../options.ts';

type Sasl = NonNullable<BaseOptions['sasl']>;

/** What all its clients are made with. Few tries: it is tried again where the last cause is known. */
export const clientSettings = ({ brokers, clientId, tls, sasl }: ResolvedOptions): BaseOptions => ({
  clientId,
  bootstrapBrokers: [...brokers],
  connectTimeout: 3000,
  retries: 3,
  retryDelay: (_client, _operation, attempt) => Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** (attempt - 1)),
  autocreateTopics: false,
  ...(tls === undefined ? {} : tlsOf(tls)),
  ...(sasl === undefined ? {} : { sasl: saslOf(sasl) }),
});

const tlsOf = ({ serverName, ...files }: ResolvedTls): Pick<BaseOptions, 'tls' | 'tlsServerName'> => ({
  tls: files,
  ...(serverName === undefined ? {} : { tlsServerName: serverName }),
});

function saslOf(sasl: ResolvedSasl): Sasl {
  const mechanism = sasl.mechanism.toUpperCase() as Sasl['mechanism'];
  if (sasl.mechanism === 'oauthbearer') return { mechanism, token: () => sasl.token() };
  const { username, password } = sasl;
  return { mechanism, username, password };
}
