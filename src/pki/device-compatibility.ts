import { warning, type Warning } from '../model/errors';
import type { Certificate } from './certificate';
import { OID } from './object-identifiers';

/** TLS stacks that were measured (FACTS §3), by what people call them. */
export const DEVICE_STACKS = {
  esp8266: 'an ESP8266 (BearSSL)',
  esp32: 'an ESP32 (mbedTLS)',
  java: 'Java',
  strict: 'a strict verifier (Python 3.13, openssl -x509_strict)',
  node: 'Node-RED and other OpenSSL programs',
  nss: 'NSS (Firefox)',
  gnutls: 'GnuTLS',
} as const;

export type DeviceStack = keyof typeof DEVICE_STACKS;

interface DeviceRule {
  id: string;
  stacks: readonly DeviceStack[];
  /** Those of the stacks that refuse it only in some version or use; absent: all refuse it. */
  limited?(certificate: Certificate): readonly DeviceStack[];
  applies(certificate: Certificate): boolean;
  /** Follows the names of the devices. */
  limit: string;
  hint: string;
}

const isServer = (certificate: Certificate) =>
  !certificate.isCa && (certificate.extendedKeyUsage?.includes('serverAuth') ?? true);
const values = (certificate: Certificate, type: 'dns' | 'ip') =>
  certificate.subjectAltNames.filter((name) => name.type === type).map(({ value }) => value);
const isCritical = (certificate: Certificate, oid: string) =>
  certificate.extensions.some((extension) => extension.oid === oid && extension.critical);

/** Each row was measured; a stack that is not named accepts the case. */
export const DEVICE_RULES: readonly DeviceRule[] = [
  {
    id: 'ed25519',
    stacks: ['esp8266', 'esp32'],
    applies: ({ keyDescription, signatureAlgorithm }) =>
      /^ed(25519|448)$/.test(keyDescription) || /^Ed/.test(signatureAlgorithm.name),
    limit: 'cannot use an Ed25519 key',
    hint: 'Use ec-p256 or rsa-2048',
  },
  {
    id: 'ip-address',
    stacks: ['esp8266', 'esp32'],
    // By host name it is fine on both, if there is one.
    limited: (certificate) => (values(certificate, 'dns').length > 0 ? ['esp8266', 'esp32'] : ['esp32']),
    // Written as iPAddress and as dNSName, an address is accepted by both.
    applies: (certificate) =>
      isServer(certificate) &&
      values(certificate, 'ip').some((address) => !values(certificate, 'dns').includes(address)),
    limit: 'cannot verify an IP address (an ESP32 with mbedTLS 2.28 or older)',
    hint: 'Let the device connect by host name, or tick "devices connect by IP address"',
  },
  {
    id: 'top-wildcard',
    stacks: ['node', 'strict', 'gnutls'],
    // The other names of the certificate are fine.
    limited: () => ['node', 'strict', 'gnutls'],
    applies: (certificate) => values(certificate, 'dns').some((name) => /^\*\.[^.]+$/.test(name)),
    limit: 'does not accept a wildcard directly below a top-level name',
    hint: 'List the host names one by one',
  },
  {
    id: 'critical-extended-key-usage',
    stacks: ['esp8266'],
    applies: (certificate) => isCritical(certificate, OID.extendedKeyUsage),
    limit: 'refuses a critical extendedKeyUsage',
    hint: 'Issue the certificate with this package',
  },
  {
    id: 'name-constraints-root',
    stacks: ['esp32'],
    applies: (certificate) => isCritical(certificate, OID.nameConstraints) && certificate.isSelfIssued,
    limit: 'refuses a CA with name constraints',
    hint: 'Make the CA without name constraints',
  },
  {
    id: 'name-constraints-intermediate',
    stacks: ['esp8266', 'esp32'],
    applies: (certificate) => isCritical(certificate, OID.nameConstraints) && !certificate.isSelfIssued,
    limit: 'refuses an intermediate CA with name constraints',
    hint: 'Make the CA without name constraints',
  },
  {
    id: 'root-path-length',
    stacks: ['esp32', 'node', 'strict', 'gnutls'],
    applies: ({ isCa, isSelfIssued, basicConstraints }) => isCa && isSelfIssued && basicConstraints?.pathLength === 0,
    limit: 'refuses an intermediate below this root, whose path length is 0',
    hint: 'Issue from the root directly, or make a root without path length',
  },
  {
    id: 'no-authority-key-identifier',
    stacks: ['strict'],
    applies: ({ version, isCa, isSelfIssued, authorityKeyId }) =>
      version === 3 && !(isCa && isSelfIssued) && !authorityKeyId,
    limit: 'refuses a certificate without authorityKeyIdentifier',
    hint: 'Issue the certificate with this package',
  },
  {
    id: 'ca-extensions',
    stacks: ['strict'],
    applies: ({ isCa, subjectKeyId, basicConstraints, keyUsage }) =>
      isCa && (!subjectKeyId || !basicConstraints?.critical || !keyUsage),
    limit: 'refuses a CA without subjectKeyIdentifier, critical basicConstraints and keyUsage',
    hint: 'Make a new CA with this package',
  },
  {
    id: 'rsa-server-key-usage',
    stacks: ['nss'],
    applies: (certificate) =>
      isServer(certificate) &&
      certificate.keyKind === 'rsa' &&
      !!certificate.keyUsage &&
      (!certificate.keyUsage.includes('keyEncipherment') || certificate.keyUsage.includes('keyAgreement')),
    limit: 'wants keyEncipherment and no keyAgreement on an RSA server',
    hint: 'Issue the certificate with this package',
  },
];

/** What a stack makes of a certificate; `reason` and `hint` where it is not fully usable. */
export interface DeviceVerdict {
  verdict: 'ok' | 'limited' | 'refused';
  reason?: string;
  hint?: string;
}

/**
 * The verdict of every stack on a certificate: a row of the table whose columns are {@link DEVICE_STACKS}. `limited`: in
 * some use or version only.
 */
export function deviceCompatibility(certificate: Certificate): Record<DeviceStack, DeviceVerdict> {
  const rules = DEVICE_RULES.filter((rule) => rule.applies(certificate));
  const verdicts = Object.keys(DEVICE_STACKS).map(
    (stack) => [stack, verdictOf(stack as DeviceStack, rules, certificate)] as const,
  );
  return Object.fromEntries(verdicts) as Record<DeviceStack, DeviceVerdict>;
}

/** What refuses counts more than what limits. */
function verdictOf(stack: DeviceStack, rules: readonly DeviceRule[], certificate: Certificate): DeviceVerdict {
  const own = rules.filter(({ stacks }) => stacks.includes(stack));
  const refusing = own.find((rule) => !rule.limited?.(certificate).includes(stack));
  const worst = refusing ?? own[0];
  if (!worst) return { verdict: 'ok' };
  return { verdict: refusing ? 'refused' : 'limited', reason: worst.limit, hint: worst.hint };
}

/**
 * Which devices and programs cannot use this certificate.
 *
 * @returns CERT_DEVICE_LIMIT for each case, the devices in words; `cause` has `rule` and `stacks`
 */
export function deviceWarnings(certificate: Certificate): Warning[] {
  return DEVICE_RULES.filter((rule) => rule.applies(certificate)).map(({ id, stacks, limit, hint }) => {
    const names = stacks.map((stack) => DEVICE_STACKS[stack]).join(', ');
    return warning('CERT_DEVICE_LIMIT', `${names} ${limit}`, { rule: id, stacks: [...stacks] }, hint);
  });
}
