import type { SecureContextOptions } from 'node:tls';
import type { CertificateAuthority } from '../ca/certificate-authority';
import { codedError } from '../model/errors';
import { parseIpAddress } from '../model/ip-address';
import { parseSubjectAltName, type SubjectAltName } from '../model/subject-alt-name';
import { secretPrivateKeyPem } from '../pki/private-key';

/** Names in one certificate. */
const MOST_HOSTS = 100;

/**
 * The names and addresses of a server.
 *
 * @param text separated by commas, spaces or lines
 * @throws INPUT_SUBJECT_ALT_NAME, INPUT_CONFIG when there is none or too many
 */
export function parseHosts(text: string): SubjectAltName[] {
  const hosts = text.split(/[\s,;]+/).filter((host) => host !== '');
  if (hosts.length === 0 || hosts.length > MOST_HOSTS) {
    throw codedError(
      'INPUT_CONFIG',
      `${hosts.length} names are given for the server, expected 1 to ${MOST_HOSTS}`,
      { field: 'hosts', count: hosts.length },
      'Name every host name and address by which clients connect',
    );
  }
  return hosts.map((host) => parseSubjectAltName(parseIpAddress(host) ? `ip:${host}` : `dns:${host}`));
}

/**
 * What the TLS listener is made of: its own certificate, issued or renewed by the CA when need be, and the CAs that
 * clients must come from.
 *
 * @throws what the CA throws; KEY_ABSENT when it does not hold the key
 */
export async function serverMaterial(
  authority: CertificateAuthority,
  hosts: SubjectAltName[],
): Promise<{ options: SecureContextOptions; commonName: string }> {
  const commonName = (hosts.find(({ type }) => type === 'dns') ?? hosts[0])?.value ?? '';
  const { certificate, chain, secretPrivateKey } = await authority.ensure({
    profile: 'server',
    subject: { commonName },
    subjectAltNames: hosts,
  });
  if (!secretPrivateKey) {
    throw codedError(
      'KEY_ABSENT',
      `the CA folder does not hold the private key of the server certificate ${certificate.serialNumber}`,
      { serialNumber: certificate.serialNumber },
      'Revoke that certificate, so that a new one is issued',
    );
  }
  return {
    commonName,
    options: {
      cert: certificate.pem + chain.map(({ pem }) => pem).join(''),
      key: secretPrivateKeyPem(secretPrivateKey),
      // Intermediates too: a device may send its own certificate alone.
      ca: authority.trustAnchorsPem + authority.chainPem,
      minVersion: 'TLSv1.2',
    },
  };
}
