import { isIP } from 'node:net';
import { codedError, type CodedError } from '../model/errors';
import { formatSubjectAltName } from '../model/subject-alt-name';
import { Certificate } from '../pki/certificate';
import { nameMatches } from '../pki/verification';
import { formatPin, matchesPin, pinsOf } from './pin';
import type { TlsMaterial } from './tls-material';

/** Names are listed in messages up to this many; a certificate may hold thousands. */
const LISTED_NAMES = 20;

/**
 * Judge what Node's verification leaves open: name and pins of the server's own certificate.
 *
 * The name is judged here and not by `tls.checkServerIdentity`, because Node 22.23 refuses every IPv6
 * address in a certificate (measured).
 *
 * @param der the certificate as sent
 * @param host the name to verify: `material.servername`, else the host connected to
 * @param read the same certificate, where it was read already
 * @returns undefined when all that is asked for holds; else CERT_NAME_MISMATCH, CERT_PIN_MISMATCH or CERT_MALFORMED
 */
export function judgeServerIdentity(
  der: Buffer,
  host: string,
  material: Pick<TlsMaterial, 'verifyServer' | 'verifyHostname' | 'pins'>,
  read?: Certificate,
): CodedError | undefined {
  return judgePins(der, material.pins) ?? judgeName(der, host, material, read);
}

/** @returns CERT_PIN_MISMATCH, whatever else is switched off */
export function judgePins(der: Buffer, pins: TlsMaterial['pins']): CodedError | undefined {
  if (matchesPin(der, pins)) return undefined;
  const { cert, spki } = pinsOf(der);
  const expected = pins.map(formatPin);
  const found = [cert, ...(spki ? [spki] : [])].map(formatPin);
  return codedError(
    'CERT_PIN_MISMATCH',
    `the server's certificate has ${found.join(' and ')}, pinned is ${expected.join(' or ')}`,
    { expected, found },
    'If the certificate of the server was renewed on purpose, set the pin to the new value; otherwise somebody may be between you and the server',
  );
}

function judgeName(
  der: Buffer,
  host: string,
  material: Pick<TlsMaterial, 'verifyServer' | 'verifyHostname'>,
  read?: Certificate,
): CodedError | undefined {
  if (material.verifyServer === false || material.verifyHostname === false) return undefined;
  let certificate: Certificate;
  try {
    certificate = read ?? Certificate.fromDer(der);
  } catch (error) {
    // A certificate we cannot read has no name we could vouch for.
    return codedError(
      'CERT_MALFORMED',
      `the server's certificate cannot be read: ${(error as Error).message}`,
      { reason: (error as Error).message },
      'Issue the certificate again with a current tool',
    );
  }
  return nameMatches(certificate, host) ? undefined : nameMismatch(certificate, host);
}

/** CERT_NAME_MISMATCH with the names that are valid, and the reason when the kind of name is the reason. */
export function nameMismatch(certificate: Certificate, host: string): CodedError {
  const names = certificate.subjectAltNames.map(formatSubjectAltName);
  const listed =
    names.slice(0, LISTED_NAMES).join(', ') || `none, only the common name "${certificate.subject.commonName ?? ''}"`;
  const more = names.length > LISTED_NAMES ? ` and ${names.length - LISTED_NAMES} more` : '';
  return codedError(
    'CERT_NAME_MISMATCH',
    `the certificate is not for "${host}"; its names are ${listed}${more}`,
    { host, names: names.slice(0, LISTED_NAMES), subject: certificate.subjectText },
    mismatchHint(certificate, host),
  );
}

function mismatchHint(certificate: Certificate, host: string): string {
  const names = certificate.subjectAltNames;
  const dnsNames = names.filter((name) => name.type === 'dns').map((name) => name.value);
  const issueAgain = `or issue the server's certificate again with ${isIP(host) ? `ip:${host}` : `dns:${host}`} among its names`;
  if (isIP(host)) {
    if (dnsNames.includes(host)) {
      return `The address stands in the certificate as a DNS name, which only some devices accept: issue it again with ip:${host}`;
    }
    if (dnsNames.length > 0 && names.every((name) => name.type !== 'ip')) {
      return `You connect by address, the certificate holds only names: connect to ${dnsNames[0]}, ${issueAgain}`;
    }
  }
  const usable = dnsNames.find((name) => !name.startsWith('*'));
  return usable ? `Connect to ${usable}, ${issueAgain}` : `Connect to a name the certificate holds, ${issueAgain}`;
}
