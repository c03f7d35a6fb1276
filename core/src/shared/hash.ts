import { hash } from 'node:crypto';

/** SHA-256 of `text` as lower-case hex. Pure. */
export const sha256 = (text: string): string => hash('sha256', text, 'hex');

/** RFC 9562 UUID version 5 (name-based, SHA-1) of `name` in `namespace` (any string). Pure: equal inputs, equal id. */
export function uuidv5(namespace: string, name: string): string {
  const hex = hash('sha1', `${namespace}\n${name}`, 'hex');
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
