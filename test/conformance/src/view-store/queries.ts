import type { FieldTerm, Query, QueryFields, QueryTerm, QueryValue } from '@reprise/core/plugin';
import fc from 'fast-check';

/** Fields of the rows that generated queries ask about. */
export const SAMPLE_FIELDS: QueryFields = {
  name: { type: 'text', path: ['name'], about: '' },
  deep: { type: 'text', path: ['in', 'deep'], about: '' },
  label: { type: 'text', path: ['labels'], keys: true, about: '' },
  at: { type: 'time', path: ['at'], about: '' },
  took: { type: 'duration', path: ['took'], about: '' },
  count: { type: 'number', path: ['count'], about: '' },
};

const DAY = 86_400_000;
const TEXTS = ['', 'a', 'A', 'ab', 'b c', 'x,y', '"q"', 'c\\d', '*', 'ä', 'Ä', '😀', '%', '_', 'a%', 'é\u0301'];

const sampleText = fc.oneof(fc.constant(''), fc.constantFrom(...TEXTS), fc.string({ unit: 'grapheme', maxLength: 4 }));
const key = fc.constantFrom('team', 'a.b', '-x', '0', 'constructor');
const small = fc.integer({ min: -2, max: 5 });
const count = fc.oneof(
  small,
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((one) => one + 0),
);
const time = fc.oneof(
  small.map((day) => day * DAY),
  fc.integer({ min: 0, max: 5 * DAY }),
);
const took = fc.nat({ max: 100_000 });

const plainField = (field: string): Pick<FieldTerm, 'field' | 'type' | 'path'> => {
  const { type = 'text', path = [] } = SAMPLE_FIELDS[field] ?? {};
  return { field, type, path };
};
const negation = fc.constantFrom({}, { not: true as const });

const textValue: fc.Arbitrary<QueryValue> = fc.oneof(
  sampleText.map((equals) => ({ equals })),
  sampleText.filter((text) => text !== '').map((prefix) => ({ prefix })),
  fc.constant({ any: true as const }),
);
const timeValue: fc.Arbitrary<QueryValue> = fc.oneof(
  time.map((equals) => ({ equals })),
  small.map((day) => ({ from: day * DAY, until: (day + 1) * DAY })),
  fc.constant({ any: true as const }),
);
const orAny = (value: fc.Arbitrary<number>): fc.Arbitrary<QueryValue> =>
  fc.oneof(
    value.map((equals) => ({ equals })),
    fc.constant({ any: true as const }),
  );

const listed = (field: fc.Arbitrary<Pick<FieldTerm, 'field' | 'type' | 'path'>>, value: fc.Arbitrary<QueryValue>) =>
  fc
    .tuple(field, fc.array(value, { minLength: 1, maxLength: 3 }), negation)
    .map(([one, values, not]): QueryTerm => ({ ...one, operator: ':', values, ...not }));

const compared = (
  field: fc.Arbitrary<Pick<FieldTerm, 'field' | 'type' | 'path'>>,
  value: fc.Arbitrary<string | number>,
) =>
  fc
    .tuple(
      field,
      fc.constantFrom('=' as const, '!=' as const, '<' as const, '<=' as const, '>' as const, '>=' as const),
      value,
      negation,
    )
    .map(
      ([one, operator, equals, not]): QueryTerm => ({
        ...one,
        operator: one.type === 'text' && operator !== '!=' ? '=' : operator,
        values: [{ equals }],
        ...not,
      }),
    );

const textField = fc.oneof(
  fc.constantFrom('name', 'deep').map(plainField),
  key.map((one) => ({ field: `label.${one}`, type: 'text' as const, path: ['labels', one] })),
);
const named = (field: string) => fc.constant(plainField(field));

/** A random query, for properties (fast-check). */
export const sampleQuery: fc.Arbitrary<Query> = fc
  .array(
    fc.oneof(
      listed(textField, textValue),
      listed(named('at'), timeValue),
      listed(named('took'), orAny(took)),
      listed(named('count'), orAny(count)),
      compared(textField, sampleText),
      compared(named('at'), time),
      compared(named('took'), took),
      compared(named('count'), count),
      fc
        .tuple(
          sampleText.filter((text) => text !== ''),
          negation,
        )
        .map(([text, not]): QueryTerm => ({ text, ...not })),
    ),
    { maxLength: 3 },
  )
  .map((terms) => ({ terms }));

const anything = fc.oneof(sampleText, count, fc.constantFrom(null, true, ['a', 1], { a: 'b' }));

/** Rows in which the fields are there, are absent, or are of another type. */
export const sampleRow = fc.record(
  {
    name: fc.oneof({ weight: 3, arbitrary: sampleText }, anything),
    in: fc.oneof({ weight: 3, arbitrary: fc.record({ deep: sampleText }) }, anything),
    labels: fc.dictionary(key, fc.oneof(sampleText, anything), { noNullPrototype: true }),
    at: fc.oneof({ weight: 3, arbitrary: time }, anything),
    took: fc.oneof({ weight: 3, arbitrary: took }, anything),
    count: fc.oneof({ weight: 3, arbitrary: count }, anything),
  },
  { requiredKeys: [] },
);
