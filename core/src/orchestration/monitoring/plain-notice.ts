import type { Json } from '../../shared/json.ts';
import type { Notice } from './monitor.ts';

const MAX_DEPTH = 16;

/** Values of one log line that are kept; agents log what they like. */
const MAX_VALUES = 10_000;

/**
 * The notice as plain JSON that shares nothing with what the agent logged: errors become their name, message and stack, what
 * has no JSON form becomes text, cycles and what cannot be read are named as such. Does not throw.
 */
export function plainNotice(notice: Notice): Notice {
  if (notice.kind !== 'log') return notice;
  const { message, fields, ...rest } = notice;
  const copier = new PlainCopier();
  return {
    ...rest,
    message: typeof message === 'string' ? message : copier.text(message),
    ...(fields === undefined ? {} : { fields: copier.members(fields) }),
  };
}

class PlainCopier {
  readonly #path = new Set<object>();
  #left = MAX_VALUES;

  text(value: unknown): string {
    const plain = this.#copy(value);
    return typeof plain === 'string' ? plain : (JSON.stringify(plain) ?? 'undefined');
  }

  members(value: object): Record<string, Json> {
    const copy = this.#copy(value);
    return typeof copy === 'object' && copy !== null && !Array.isArray(copy)
      ? (copy as Record<string, Json>)
      : { value: copy ?? null };
  }

  /** Undefined for what JSON leaves out. */
  #copy(value: unknown): Json | undefined {
    this.#left -= 1;
    if (this.#left < 0) return '[left out: too much]';
    switch (typeof value) {
      case 'undefined':
        return undefined;
      case 'string':
      case 'boolean':
        return value;
      case 'number':
        return Number.isFinite(value) ? value : String(value);
      case 'bigint':
      case 'symbol':
        return String(value);
      case 'function':
        return '[function]';
      case 'object':
        return value === null ? null : this.#object(value);
    }
  }

  #object(value: object): Json | undefined {
    if (this.#path.has(value)) return '[cycle]';
    if (this.#path.size >= MAX_DEPTH) return '[too deep]';
    this.#path.add(value);
    try {
      return this.#form(value);
    } catch {
      return '[cannot be read]';
    } finally {
      this.#path.delete(value);
    }
  }

  #form(value: object): Json | undefined {
    if (Array.isArray(value)) return this.#list(value);
    if (value instanceof Error) {
      const { name, message, stack, cause } = value;
      return this.#record({ ...value, name, message, stack, cause });
    }
    if ('toJSON' in value && typeof value.toJSON === 'function') return this.#copy(value.toJSON());
    if (value instanceof Map) return this.#list([...value]);
    if (value instanceof Set) return this.#list([...value]);
    return this.#record(value as Readonly<Record<string, unknown>>);
  }

  #list(values: readonly unknown[]): Json {
    return values.slice(0, Math.max(0, this.#left)).map((member) => this.#copy(member) ?? null);
  }

  #record(source: Readonly<Record<string, unknown>>): Json {
    const copy: Record<string, Json> = {};
    for (const key of Object.keys(source)) {
      if (this.#left <= 0) break;
      const member = this.#member(source, key);
      if (member !== undefined && key !== '__proto__') copy[key] = member;
    }
    return copy;
  }

  #member(source: Readonly<Record<string, unknown>>, key: string): Json | undefined {
    try {
      return this.#copy(source[key]);
    } catch {
      return '[cannot be read]';
    }
  }
}
