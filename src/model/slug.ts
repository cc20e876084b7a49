/** Device names that Windows opens instead of a file, whatever the ending. */
const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)$/;
const LONGEST = 48;

/**
 * A folder or file name from any text: lower-case ASCII letters, digits and hyphens.
 *
 * @returns never empty, never a reserved name of Windows, at most 48 characters; a text without any Latin letter or
 *          digit gets a short hash, so that two such names do not share a folder
 */
export function slug(name: string): string {
  const plain = name
    .slice(0, 1024)
    .normalize('NFKD')
    .replace(/ß/g, 'ss')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, LONGEST)
    .replace(/^-+|-+$/g, '');
  if (plain === '') return `ca-${hash(name)}`;
  return RESERVED.test(plain) ? `ca-${plain}` : plain;
}

/** FNV-1a, 32 bits: short and the same in browser and Node; nothing secret hangs on it. */
function hash(text: string): string {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193) >>> 0;
  return value.toString(16).padStart(8, '0');
}
