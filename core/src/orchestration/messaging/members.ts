import { openFieldsOf, type Shape } from '../workflow/untrusted/shape.ts';

type OptionalKeys<T> = { [Key in keyof T]-?: object extends Pick<T, Key> ? Key : never }[keyof T];

type Required<T> = Readonly<Record<Exclude<keyof T, OptionalKeys<T>>, Shape>>;
type Optional<T> = Readonly<Record<OptionalKeys<T>, Shape>>;

/** What a T looks like that came from elsewhere: each of its members has a shape, or this does not compile. Members that T does not have are passed over. */
export const membersOf = <T extends object>(required: Required<T>, optional: Optional<T>): Shape =>
  openFieldsOf(required as Readonly<Record<string, Shape>>, optional as Readonly<Record<string, Shape>>);
