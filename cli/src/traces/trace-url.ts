import { usageError } from '../errors/usage-error.ts';

const PLACE = '{traceId}';

/** The address of a trace, from where Jaeger is or from a template. Throws REPRISE_USAGE, naming `flag`, for what is no address of a page. */
export function traceUrls(url: string, flag: string): (traceId: string) => string {
  const template = url.includes(PLACE) ? url : `${url.replace(/\/+$/, '')}/trace/${PLACE}`;
  const example = template.replaceAll(PLACE, 'a');
  if (!URL.canParse(example) || !/^https?:$/.test(new URL(example).protocol))
    throw usageError(`${flag} ${url} is no address that begins with http:// or https://.`, {
      fix: `Name where Jaeger is (http://127.0.0.1:16686), or an address with ${PLACE} in it.`,
    });
  return (traceId) => template.replaceAll(PLACE, traceId);
}
