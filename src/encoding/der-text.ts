import { TAG } from './der-tags';

const ascii = (content: Buffer): string | undefined =>
  content.every((octet) => octet < 0x80) ? content.toString('latin1') : undefined;

/**
 * How each string type becomes text; undefined when the content does not fit the type.
 *
 * PrintableString is read as ASCII: `*`, `@` and `_` stand in it in many old certificates, and nothing hangs on it.
 */
const READERS: Record<number, (content: Buffer) => string | undefined> = {
  [TAG.utf8String]: (content) => {
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
    } catch {
      return undefined;
    }
  },
  [TAG.printableString]: ascii,
  [TAG.numericString]: ascii,
  [TAG.ia5String]: ascii,
  [TAG.visibleString]: ascii,
  // T.61 is long dead; everybody wrote and reads Latin-1 (RFC 5280 §4.1.2.4 allows receiving it).
  [TAG.teletexString]: (content) => content.toString('latin1'),
  [TAG.bmpString]: (content) => codePoints(content, 2),
  [TAG.universalString]: (content) => codePoints(content, 4),
};

function codePoints(content: Buffer, width: 2 | 4): string | undefined {
  if (content.length % width !== 0) return undefined;
  let text = '';
  for (let at = 0; at < content.length; at += width) {
    const point = content.readUIntBE(at, width);
    if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return undefined;
    text += String.fromCodePoint(point);
  }
  return text;
}

export function isTextTag(tagNumber: number): boolean {
  return Object.hasOwn(READERS, tagNumber);
}

export function readText(tagNumber: number, content: Buffer): string | undefined {
  return READERS[tagNumber]?.(content);
}
