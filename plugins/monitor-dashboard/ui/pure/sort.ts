/** What lists of runs can be in the order of, and how it is called. */
export const ORDERS = {
  started: 'Started',
  updated: 'Updated',
  ended: 'Ended',
  duration: 'Took',
  events: 'Events',
} as const;
export type Order = keyof typeof ORDERS;
/** As in the address and the API: the least first or, with `:desc`, the greatest. */
export type Sort = Order | `${Order}:desc`;

/** What it is without being said. */
export const NEWEST: Sort = 'started:desc';

export const orderOf = (sort: Sort): Order => sort.replace(':desc', '') as Order;
export const isDescending = (sort: Sort): boolean => sort.endsWith(':desc');

/** Undefined: newest first, as of a text that is no order. */
export function sortOf(text: string | undefined): Sort | undefined {
  const by = (text ?? '').replace(/:desc$/, '');
  return text === NEWEST || !Object.hasOwn(ORDERS, by) ? undefined : (text as Sort);
}

/** What a click on a header asks for: the greatest first, then the least. */
export const nextSort = (by: Order, now: Sort): Sort => (now === `${by}:desc` ? by : `${by}:desc`);
