/** The same to look at; whoever changes it, or something in it, is told of, and changes nothing. Methods are those of the original. */
export function unchangeable<T extends object>(original: T, changed: (what: string) => void, path = ''): T {
  const at = (key: string | symbol): string => (path === '' ? String(key) : `${path}.${String(key)}`);
  const refuse = (_target: T, key: string | symbol): boolean => {
    changed(at(key));
    return true;
  };
  return new Proxy(original, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value === 'function') return value.bind(target);
      if (typeof value !== 'object' || value === null) return value;
      // A frozen member has to be given as it is.
      const own = Reflect.getOwnPropertyDescriptor(target, key);
      if (own !== undefined && own.configurable === false && own.writable === false) return value;
      return isPlain(value) ? unchangeable(value, changed, at(key)) : value;
    },
    set: refuse,
    deleteProperty: refuse,
    defineProperty: refuse,
  });
}

const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value);
  return Array.isArray(value) || prototype === Object.prototype || prototype === null;
};
