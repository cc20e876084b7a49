import { codedError } from '../model/errors';
import { REVOCATION_REASONS, type RevocationReason } from '../model/revocation-reason';

/** When and why a certificate was revoked. */
export interface Revocation {
  /** Milliseconds since 1970, whole seconds. */
  at: number;
  reason: RevocationReason;
}

/**
 * One line of OpenSSL's `index.txt`: status, expiry, revocation, serial number, `unknown`, subject, separated by tabs.
 * The status `E` that `openssl ca -updatedb` writes for an expired certificate is read as valid: the date says it.
 */
export interface IndexRow {
  /** Upper-case hex with an even number of digits: another number of digits is fatal to OpenSSL. */
  serialNumber: string;
  /** Milliseconds since 1970. */
  notAfter: number;
  revocation?: Revocation;
  /** `/C=GB/CN=broker` */
  subjectLine: string;
}

/** OpenSSL's words (`crl_reasons` in apps/ca.c) where they differ from those of RFC 5280, in lower case. */
const OPENSSL_REASONS: Readonly<Record<string, RevocationReason>> = {
  keytime: 'keyCompromise',
  cakeytime: 'cACompromise',
  holdinstruction: 'certificateHold',
};
const REASONS = new Map<string, RevocationReason>([
  ...Object.keys(REVOCATION_REASONS).map((name) => [name.toLowerCase(), name as RevocationReason] as const),
  ...Object.entries(OPENSSL_REASONS),
]);

const STATUSES = new Set(['V', 'R', 'E']);

/** Format a line without its line feed. */
export function formatIndexRow(row: IndexRow): string {
  const status = row.revocation ? 'R' : 'V';
  return [
    status,
    formatTime(row.notAfter),
    row.revocation ? formatRevocation(row.revocation) : '',
    row.serialNumber,
    'unknown',
    row.subjectLine,
  ].join('\t');
}

/**
 * Read a line without its line feed.
 *
 * @param lineNumber from 1, for the message
 * @param longestSerialNumber octets; a revocation list of ours names none that is longer than 20 (RFC 5280 §4.1.2.2)
 * @throws CA_CORRUPT with `cause` {line, text}
 */
export function parseIndexRow(text: string, lineNumber: number, longestSerialNumber = 20): IndexRow {
  const fields = text.split('\t');
  const [status = '', expiry = '', revoked = '', serialNumber = '', , subjectLine = ''] = fields;
  const notAfter = parseTime(expiry);
  const revocation = status === 'R' ? parseRevocation(revoked) : undefined;
  const fine =
    fields.length === 6 &&
    STATUSES.has(status) &&
    (status === 'R') === (revocation !== undefined) &&
    serialNumber.length % 2 === 0 &&
    serialNumber.length <= 2 * longestSerialNumber &&
    /^[0-9A-F]+$/.test(serialNumber);
  if (!fine || notAfter === undefined) {
    throw codedError(
      'CA_CORRUPT',
      `line ${lineNumber} of index.txt is no line of an OpenSSL CA database: ${JSON.stringify(text.slice(0, 200))}`,
      { file: 'index.txt', line: lineNumber, text: text.slice(0, 200) },
      'Restore index.txt from a backup, or mend the line by hand while Node-RED is stopped',
    );
  }
  return revocation ? { serialNumber, notAfter, revocation, subjectLine } : { serialNumber, notAfter, subjectLine };
}

function formatRevocation({ at, reason }: Revocation): string {
  if (reason === 'unspecified') return formatTime(at);
  // OpenSSL compares without regard to case and writes CACompromise; so do we.
  return `${formatTime(at)},${reason === 'cACompromise' ? 'CACompromise' : reason}`;
}

function parseRevocation(text: string): Revocation | undefined {
  const [time = '', word] = text.split(',');
  const at = parseTime(time);
  const reason = word === undefined ? 'unspecified' : REASONS.get(word.toLowerCase());
  return at === undefined || reason === undefined ? undefined : { at, reason };
}

/** UTCTime through 2049, then GeneralizedTime (RFC 5280 §4.1.2.5). */
function formatTime(milliseconds: number): string {
  const digits = new Date(milliseconds).toISOString().replace(/\D/g, '').slice(0, 14);
  const year = Number(digits.slice(0, 4));
  return `${year >= 1950 && year < 2050 ? digits.slice(2) : digits}Z`;
}

/** Read digit by digit: there may be 100,000 of them, and a regular expression takes three times as long. */
function parseTime(text: string): number | undefined {
  const yearDigits = text.length - LENGTH_WITHOUT_YEAR;
  if ((yearDigits !== 2 && yearDigits !== 4) || text.charCodeAt(text.length - 1) !== LETTER_Z) return undefined;
  let digits = 0;
  for (let at = 0; at < text.length - 1; at += 1) {
    const digit = text.charCodeAt(at) - DIGIT_ZERO;
    if (digit < 0 || digit > 9) return undefined;
    digits = digits * 10 + digit;
  }
  const short = Math.floor(digits / 1e10);
  const year = yearDigits === 4 ? short : short < 50 ? 2000 + short : 1900 + short;
  const [month, day, hour, minute] = [pair(digits, 1e8), pair(digits, 1e6), pair(digits, 1e4), pair(digits, 100)];
  return Date.UTC(year, month - 1, day, hour, minute, pair(digits, 1));
}

/** Two digits of a number. @param place what the lower one of them counts */
function pair(digits: number, place: number): number {
  return Math.floor(digits / place) % 100;
}

/** `MMDDHHMMSSZ` */
const LENGTH_WITHOUT_YEAR = 11;
const DIGIT_ZERO = 0x30;
const LETTER_Z = 0x5a;
