import { createPrivateKey, KeyObject } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';

/** A secret that was seen where it must not be. */
export interface Sighting {
  /** What the secret was called when it was added. */
  secret: string;
  /** In which form: `text`, `base64`, `hex`, … */
  form: string;
  /** File, message property or log line. */
  where: string;
}

interface Needle {
  secret: string;
  form: string;
  /** Sought in the bytes as they are, or in the text without blanks, line breaks and colons. */
  bytes?: Buffer;
  squeezed?: string;
}

/** Shorter secrets would be found by chance. */
const SHORTEST = 8;
const DEEPEST = 30;

/**
 * Known secrets that are sought everywhere.
 *
 * A secret is found in clear, as base64 and base64url at any alignment (so also inside a larger encoding), as
 * hex (also with colons), URL-encoded, JSON-escaped and in UTF-16; a private key by its private numbers, so in
 * any container (PKCS#1, SEC1, PKCS#8, JWK, PEM or DER) that is not encrypted.
 */
export class Canaries {
  private readonly needles: Needle[] = [];

  /** A passphrase, password or token. */
  addText(secret: string, value: string): this {
    if (value.length < SHORTEST) throw new Error(`canary ${secret} is shorter than ${SHORTEST} characters`);
    this.addBytes(secret, Buffer.from(value), 'text');
    const escaped = JSON.stringify(value).slice(1, -1);
    if (escaped !== value) this.needles.push({ secret, form: 'json', bytes: Buffer.from(escaped) });
    const encoded = encodeURIComponent(value);
    if (encoded !== value) this.needles.push({ secret, form: 'url', bytes: Buffer.from(encoded) });
    const wide = Buffer.from(value, 'utf16le');
    this.needles.push({ secret, form: 'utf-16le', bytes: wide });
    this.needles.push({ secret, form: 'utf-16be', bytes: Buffer.from(wide).swap16() });
    return this;
  }

  /**
   * A private key.
   *
   * @param key PEM without passphrase, or the key itself
   */
  addKey(secret: string, key: KeyObject | string): this {
    const jwk = (typeof key === 'string' ? createPrivateKey(key) : key).export({ format: 'jwk' });
    for (const member of ['d', 'p', 'q', 'dp', 'dq', 'qi'] as const) {
      if (jwk[member]) this.addBytes(`${secret} (${member})`, Buffer.from(jwk[member], 'base64url'), 'bytes');
    }
    return this;
  }

  /** Look into text or bytes. */
  search(where: string, content: string | Buffer): Sighting[] {
    const bytes = Buffer.from(content);
    // Line breaks of PEM, also written out in JSON and C literals; the commas and 0x of a C array.
    const squeezed = bytes.toString('latin1').replace(/[\s:"]|\\n|\\r/g, '');
    const lower = squeezed.toLowerCase().replace(/0x|,/g, '');
    return this.needles
      .filter(
        ({ form, bytes: needle, squeezed: text }) =>
          (needle && bytes.includes(needle)) || (text && (form === 'hex' ? lower : squeezed).includes(text)),
      )
      .map(({ secret, form }) => ({ secret, form, where }));
  }

  /** Look into a message, error or anything else: properties, buffers, errors with cause and stack. */
  searchValue(where: string, value: unknown, seen = new Set<unknown>()): Sighting[] {
    if (typeof value === 'string') return this.search(where, value);
    if (typeof value !== 'object' || value === null || seen.has(value) || seen.size > 100_000) return [];
    if (where.split('.').length > DEEPEST) return [];
    seen.add(value);
    if (value instanceof KeyObject)
      return value.type === 'private' ? [{ secret: 'a key', form: 'KeyObject', where }] : [];
    if (ArrayBuffer.isView(value)) {
      return this.search(where, Buffer.from(value.buffer, value.byteOffset, value.byteLength));
    }
    const entries: [string, unknown][] =
      value instanceof Map || value instanceof Set
        ? [...value.entries()].map(([key, inner]) => [String(key), inner])
        : [
            ...new Set([...Object.getOwnPropertyNames(value), ...(value instanceof Error ? ['stack', 'cause'] : [])]),
          ].map((key) => [key, (value as Record<string, unknown>)[key]]);
    return entries.flatMap(([key, inner]) => [
      ...this.search(`name of ${where}.${key}`, key),
      ...this.searchValue(`${where}.${key}`, inner, seen),
    ]);
  }

  /**
   * Look into every file below a folder, and at the names.
   *
   * @param except true for files that may hold the secret, by path relative to the folder
   */
  searchFolder(folder: string, except: (relative: string) => boolean = () => false): Sighting[] {
    return filesBelow(folder).flatMap((file) => {
      const relative = path.relative(folder, file);
      const inName = this.search(`name of ${relative}`, relative);
      return except(relative) ? inName : [...inName, ...this.search(relative, readFileSync(file))];
    });
  }

  private addBytes(secret: string, bytes: Buffer, form: string): void {
    if (this.needles.some((needle) => isDeepStrictEqual(needle.bytes, bytes))) return;
    this.needles.push({ secret, form, bytes });
    this.needles.push({ secret, form: 'hex', squeezed: bytes.toString('hex') });
    for (const alignment of [0, 1, 2]) {
      const inner = base64At(bytes, alignment);
      this.needles.push({ secret, form: 'base64', squeezed: inner });
      const url = inner.replace(/\+/g, '-').replace(/\//g, '_');
      if (url !== inner) this.needles.push({ secret, form: 'base64url', squeezed: url });
    }
  }
}

/** The characters that stand for these bytes wherever they begin within a larger base64 text. */
function base64At(bytes: Buffer, alignment: number): string {
  const text = Buffer.concat([Buffer.alloc(alignment), bytes])
    .toString('base64')
    .replace(/=+$/, '');
  const first = [0, 2, 3][alignment] ?? 0;
  // The last character also holds bits of what follows, unless the bytes end with it.
  const end = (alignment + bytes.length) % 3 === 0 ? text.length : text.length - 1;
  return text.slice(first, end);
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const file = path.join(folder, name);
    const stat = lstatSync(file);
    if (stat.isDirectory()) return filesBelow(file);
    return stat.isFile() ? [file] : [];
  });
}
