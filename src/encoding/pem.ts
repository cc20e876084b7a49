import { codedError } from '../model/errors';

export interface PemBlock {
  label: string;
  /** The decoded body. */
  bytes: Buffer;
  /** The block from BEGIN to END with LF and a final newline. */
  text: string;
  /** RFC 1421 headers; only old encrypted private keys have them. */
  headers: Record<string, string>;
}

export interface PemOptions {
  /** Labels to return; blocks of other kinds are passed over. All when absent. */
  labels?: readonly string[];
  /** What the caller looks for, for messages: "a certificate". */
  what?: string;
  maxBlocks?: number;
}

/** A system's bundle of all public CAs is 0.3 MiB; a CRL of 100,000 entries 6 MiB. */
const MAX_CHARACTERS = 32 << 20;

/** What a label stands for, in words. */
const KINDS: readonly [pattern: RegExp, words: string][] = [
  [/^ENCRYPTED PRIVATE KEY$/, 'an encrypted private key'],
  [/PRIVATE KEY$/, 'a private key'],
  [/PUBLIC KEY$/, 'a public key'],
  [/CERTIFICATE REQUEST$/, 'a certificate request'],
  [/CERTIFICATE$/, 'a certificate'],
  [/CRL$/, 'a certificate revocation list'],
];

function inWords(label: string): string {
  return KINDS.find(([pattern]) => pattern.test(label))?.[1] ?? `"${label}"`;
}

/** PEM with lines of 64 characters, LF and a final newline: BearSSL refuses CR LF (FACTS). */
export function encodePem(label: string, bytes: Uint8Array): string {
  const body = Buffer.from(bytes).toString('base64').replace(/.{64}/g, '$&\n').replace(/\n$/, '');
  return `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`;
}

/**
 * Find the PEM blocks of a text (RFC 7468). What stands between blocks is ignored. Line endings, line lengths and
 * blanks at the ends of lines are free (§3, lax form); labels must pair, base64 must be canonical.
 *
 * @throws PEM_NO_BLOCK, PEM_MALFORMED, PEM_WRONG_LABEL, PEM_TOO_MANY
 */
export function decodePem(text: string | Uint8Array, options: PemOptions = {}): PemBlock[] {
  const { labels, what = 'a PEM block', maxBlocks = 1000 } = options;
  const blocks = readBlocks(toText(text), what);
  if (blocks.length === 0) throw noBlock(text, what);
  const wanted = labels ? blocks.filter((block) => labels.includes(block.label)) : blocks;
  if (wanted.length === 0) {
    const found = [...new Set(blocks.map((block) => block.label))];
    throw codedError(
      'PEM_WRONG_LABEL',
      `expected ${what}, but this is ${found.slice(0, 3).map(inWords).join(' and ')}`,
      { found: found.slice(0, 10), wanted: labels },
      `Choose the file that begins with -----BEGIN ${labels?.[0] ?? ''}-----`,
    );
  }
  if (wanted.length > maxBlocks) {
    throw codedError(
      'PEM_TOO_MANY',
      `expected ${maxBlocks === 1 ? what : `at most ${maxBlocks} blocks`}, found ${wanted.length}`,
      { found: wanted.length, limit: maxBlocks },
      'Keep only the one that is meant',
    );
  }
  return wanted;
}

/** True when the bytes look like PEM rather than DER. */
export function looksLikePem(bytes: string | Uint8Array): boolean {
  return typeof bytes === 'string' || Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes('-----BEGIN ');
}

function toText(text: string | Uint8Array): string {
  if (text.length > MAX_CHARACTERS) {
    throw codedError('PEM_MALFORMED', `the text has ${text.length} characters, at most ${MAX_CHARACTERS} are allowed`);
  }
  // Latin-1 never fails, and everything that counts in PEM is ASCII.
  return typeof text === 'string' ? text : Buffer.from(text.buffer, text.byteOffset, text.length).toString('latin1');
}

const BEGIN = /^-----BEGIN ([\x21-\x7e]+(?: [\x21-\x7e]+)*)-----$/;
const END = /^-----END ([\x21-\x7e]+(?: [\x21-\x7e]+)*)-----$/;

function malformed(what: string, problem: string, hint = 'Copy the whole block again, from -----BEGIN to -----END') {
  return codedError('PEM_MALFORMED', `${what} cannot be read: ${problem}`, {}, hint);
}

function readBlocks(text: string, what: string): PemBlock[] {
  const blocks: PemBlock[] = [];
  let open: { label: string; lines: string[] } | undefined;
  for (const rawLine of text.split(/\r\n|\n|\r/)) {
    const line = rawLine.trim();
    const begin = BEGIN.exec(line)?.[1];
    const end = END.exec(line)?.[1];
    if (begin !== undefined) {
      if (open) throw malformed(what, `a block begins inside the block "${shownLabel(open.label)}"`);
      open = { label: begin, lines: [] };
    } else if (end !== undefined) {
      if (open?.label !== end) throw malformed(what, `END "${shownLabel(end)}" without its BEGIN`);
      blocks.push(readBody(open.label, open.lines, what));
      open = undefined;
    } else if (open) {
      open.lines.push(line);
    } else if (line.includes('-----BEGIN ')) {
      const hint = 'Keep the line breaks of the file: -----BEGIN … and -----END … stand alone on their lines';
      throw malformed(what, 'the -----BEGIN line is damaged or not alone on its line', hint);
    }
  }
  if (open) throw malformed(what, `the block "${shownLabel(open.label)}" has no END line`);
  return blocks;
}

/** A label comes from the input; it must not grow a message. */
function shownLabel(label: string): string {
  return label.slice(0, 40);
}

function readBody(label: string, lines: string[], what: string): PemBlock {
  const headers: Record<string, string> = {};
  let start = 0;
  // RFC 1421 headers end with an empty line. RFC 7468 has none, so only old private keys may.
  while (label.endsWith('PRIVATE KEY') && lines[start]?.includes(':')) {
    const line = lines[start] ?? '';
    headers[line.slice(0, line.indexOf(':')).trim()] = line.slice(line.indexOf(':') + 1).trim();
    start += 1;
  }
  const base64 = lines.slice(start).join('');
  const bytes = Buffer.from(base64, 'base64');
  // Encoding again catches foreign characters, wrong padding and stray bits at once (RFC 4648 §3.5).
  if (base64 === '' || bytes.toString('base64') !== base64) {
    throw malformed(what, `the block "${shownLabel(label)}" is not base64`);
  }
  const body = [
    `-----BEGIN ${label}-----`,
    ...lines.filter((line, index) => line !== '' || (start > 0 && index === start)),
    `-----END ${label}-----`,
  ];
  return { label, bytes, text: `${body.join('\n')}\n`, headers };
}

function noBlock(text: string | Uint8Array, what: string) {
  const bytes = typeof text === 'string' ? Buffer.from(text.slice(0, 2), 'latin1') : Buffer.from(text.subarray(0, 2));
  const utf16 = ['fffe', 'feff'].includes(bytes.toString('hex'));
  const hint = utf16
    ? 'The file is UTF-16, as the > of PowerShell writes it: save it as ASCII or UTF-8'
    : 'A PEM file is text that begins with -----BEGIN';
  const found = text.length === 0 ? 'the text is empty' : 'found no PEM block';
  // Nothing of the text itself: somebody may have put a passphrase here.
  return codedError('PEM_NO_BLOCK', `expected ${what}, ${found}`, { length: text.length }, hint);
}
