import type { CertificateMark, CertificateTraits } from './certificate-traits';
import { DEVICE_STACKS, deviceStacks, type DeviceStack } from './device-stacks';

interface DeviceRule {
  /** Also the key of its words in the catalogue of the editor. */
  id: string;
  stacks: readonly DeviceStack[];
  /** Those of the stacks that refuse it only in some version or use; absent: all refuse it. */
  limited?(traits: CertificateTraits): readonly DeviceStack[];
  applies(traits: CertificateTraits): boolean;
  /** In the chain of another certificate it counts only when there is an intermediate, too. */
  needsIntermediate?: true;
  /** Not worth a warning when a certificate is issued: it concerns one stack only, which may never see it. */
  quiet?: true;
  /** Follows the names of the stacks. */
  limit: string;
  hint: string;
}

const has =
  (mark: CertificateMark) =>
  ({ marks }: CertificateTraits): boolean =>
    marks.includes(mark);
/** Names that are no wildcards below what is taken for a registry, and addresses: by these it is fine. */
const hasOtherName = ({ dnsNames, addresses }: CertificateTraits, wildcard: RegExp): boolean =>
  addresses.length > 0 || dnsNames.some((name) => !wildcard.test(name));
const TOP_WILDCARD = /^\*\.[^.]+$/;
/** As `*.co.uk`: the public suffix list names home.arpa. */
const REGISTRY_WILDCARD = /^\*\.home\.arpa$/;
/** Apple, "Requirements for trusted certificates in iOS 13 and macOS 10.15" (HT210176). */
const APPLE_LONGEST_DAYS = 825;

const isCa = ({ role }: CertificateTraits): boolean => role === 'root' || role === 'intermediate';

/**
 * Each row was measured (docs/compatibility.md), but for those of Apple, which are documented; a stack that is not named
 * accepts the case.
 */
export const DEVICE_RULES: readonly DeviceRule[] = [
  {
    id: 'ed25519',
    stacks: ['esp8266', 'esp32', 'nss', 'browser'],
    applies: (traits) => /^ed(25519|448)$/.test(traits.keyType) || has('edwards-signature')(traits),
    limit: 'cannot use an Ed25519 key',
    hint: 'Use ec-p256 or rsa-2048',
  },
  {
    id: 'ip-address',
    stacks: ['esp8266', 'esp32'],
    // By host name it is fine on both, if there is one.
    limited: ({ dnsNames }) => (dnsNames.length > 0 ? ['esp8266', 'esp32'] : ['esp32']),
    // Written as iPAddress and as dNSName, an address is accepted by both.
    applies: ({ role, dnsNames, addresses }) =>
      role === 'server' && addresses.some((address) => !dnsNames.includes(address)),
    limit: 'cannot verify an IP address (an ESP32 with mbedTLS 2.28 or older)',
    hint: 'Let the device connect by host name, or tick "devices connect by IP address"',
  },
  {
    id: 'top-wildcard',
    stacks: ['node', 'strict', 'nss', 'gnutls', 'browser'],
    limited: (traits) => (hasOtherName(traits, TOP_WILDCARD) ? ['node', 'strict', 'nss', 'gnutls', 'browser'] : []),
    applies: ({ role, dnsNames }) => role === 'server' && dnsNames.some((name) => TOP_WILDCARD.test(name)),
    limit: 'does not accept a wildcard directly below a top-level name',
    hint: 'List the host names one by one',
  },
  {
    id: 'registry-wildcard',
    stacks: ['browser'],
    limited: (traits) => (hasOtherName(traits, REGISTRY_WILDCARD) ? ['browser'] : []),
    applies: ({ role, dnsNames }) => role === 'server' && dnsNames.some((name) => REGISTRY_WILDCARD.test(name)),
    quiet: true,
    limit: 'takes *.home.arpa for a wildcard of a whole registry and does not accept it',
    hint: 'List the host names one by one',
  },
  {
    id: 'no-names',
    stacks: ['browser'],
    applies: ({ role, dnsNames, addresses }) => role === 'server' && dnsNames.length + addresses.length === 0,
    quiet: true,
    limit: 'refuses a server without subjectAltName, whatever its common name is',
    hint: 'Issue the certificate with the host names of the server',
  },
  {
    id: 'long-lived-server',
    stacks: ['apple'],
    applies: ({ role, lifetimeDays }) => role === 'server' && lifetimeDays > APPLE_LONGEST_DAYS,
    quiet: true,
    limit: 'refuses a server certificate that is valid for more than 825 days',
    hint: 'Issue it for 824 days or less, and renew it in time',
  },
  {
    id: 'weak-key',
    stacks: ['esp32', 'strict', 'node'],
    // OpenSSL 3.0 allows it by default, later versions and Debian's do not.
    limited: () => ['node'],
    applies: ({ keyType }) => Number(/^rsa-(\d+)$/.exec(keyType)?.[1] ?? 2048) < 2048,
    limit: 'refuses an RSA key below 2048 bits',
    hint: 'Use ec-p256 or rsa-2048',
  },
  {
    id: 'weak-signature',
    stacks: ['esp32', 'strict', 'node', 'gnutls', 'browser'],
    applies: has('weak-signature'),
    limit: 'refuses a signature with SHA-1 or MD5',
    hint: 'Issue the certificate anew with this package',
  },
  {
    id: 'critical-extended-key-usage',
    stacks: ['esp8266'],
    applies: has('critical-extended-key-usage'),
    limit: 'refuses a critical extendedKeyUsage',
    hint: 'Issue the certificate with this package',
  },
  {
    id: 'name-constraints-root',
    stacks: ['esp32'],
    applies: (traits) => traits.role === 'root' && has('critical-name-constraints')(traits),
    limit: 'refuses a CA with name constraints',
    hint: 'Make the CA without name constraints',
  },
  {
    id: 'name-constraints-intermediate',
    stacks: ['esp8266', 'esp32'],
    applies: (traits) => traits.role !== 'root' && has('critical-name-constraints')(traits),
    limit: 'refuses an intermediate CA with name constraints',
    hint: 'Make the CA without name constraints',
  },
  {
    id: 'root-path-length',
    stacks: ['esp32', 'node', 'strict', 'nss', 'gnutls', 'browser'],
    applies: (traits) => traits.role === 'root' && has('no-path-below')(traits),
    needsIntermediate: true,
    limit: 'refuses an intermediate below this root, whose path length is 0',
    hint: 'Issue from the root directly, or make a root without path length',
  },
  {
    id: 'no-authority-key-identifier',
    stacks: ['strict'],
    applies: has('no-authority-key-id'),
    limit: 'refuses a certificate without authorityKeyIdentifier',
    hint: 'Issue the certificate with this package',
  },
  {
    id: 'ca-extensions',
    stacks: ['strict'],
    applies: (traits) => isCa(traits) && has('incomplete-ca')(traits),
    limit: 'refuses a CA without subjectKeyIdentifier, critical basicConstraints and keyUsage',
    hint: 'Make a new CA with this package',
  },
  {
    id: 'rsa-server-key-usage',
    stacks: ['nss'],
    applies: has('rsa-key-usage'),
    limit: 'wants keyEncipherment on an RSA server',
    hint: 'Issue the certificate with this package',
  },
  {
    id: 'slow-key',
    stacks: ['esp8266'],
    limited: () => ['esp8266'],
    applies: ({ role, keyType }) => role === 'client' && /^rsa-(3072|4096)$/.test(keyType),
    quiet: true,
    limit: 'signs so slowly with an RSA key above 2048 bits that connections run into their time limit',
    hint: 'Use ec-p256 or rsa-2048 for the device; its CA and its broker may have larger keys',
  },
];

/** What a stack makes of a certificate; `rule`, `reason` and `hint` where it is not fully usable. */
export interface DeviceVerdict {
  verdict: 'ok' | 'limited' | 'refused';
  /** Id of the rule, for words in other languages. */
  rule?: string;
  reason?: string;
  hint?: string;
}

/** A verdict for each stack of {@link DEVICE_STACKS}. */
export type DeviceCompatibility = Record<DeviceStack, DeviceVerdict>;

/** Where a rule applies: to the certificate itself, or to one of those above it. */
interface Finding {
  rule: DeviceRule;
  traits: CertificateTraits;
}

/**
 * The verdict of every stack on a certificate. `limited`: in some use or version only.
 *
 * @param issuers the CAs above it, the root last: whoever refuses one of them refuses all that is below
 */
export function judgeTraits(
  traits: CertificateTraits,
  issuers: readonly CertificateTraits[] = [],
): DeviceCompatibility {
  return judgeUnder(issuers)(traits);
}

/** As {@link judgeTraits}, for many certificates below the same CAs. */
export function judgeUnder(issuers: readonly CertificateTraits[]): (traits: CertificateTraits) => DeviceCompatibility {
  const above = issuers.flatMap((issuer) => findingsOf(issuer, { alone: issuers.length < 2 }));
  const stacks = deviceStacks();
  return (traits) => {
    const findings = [...findingsOf(traits), ...above];
    const verdicts: Partial<DeviceCompatibility> = {};
    for (const stack of stacks) verdicts[stack] = verdictOf(stack, findings);
    return verdicts as DeviceCompatibility;
  };
}

/** The rules that apply to a certificate by itself. */
export function rulesFor(traits: CertificateTraits): DeviceRule[] {
  return findingsOf(traits).map(({ rule }) => rule);
}

function findingsOf(traits: CertificateTraits, { alone = false } = {}): Finding[] {
  return DEVICE_RULES.filter((rule) => rule.applies(traits) && !(alone && rule.needsIntermediate)).map((rule) => ({
    rule,
    traits,
  }));
}

/** What refuses counts more than what limits. */
function verdictOf(stack: DeviceStack, findings: readonly Finding[]): DeviceVerdict {
  const own = findings.filter(({ rule }) => rule.stacks.includes(stack));
  const refusing = own.find(({ rule, traits }) => !rule.limited?.(traits).includes(stack));
  const worst = refusing ?? own[0];
  if (!worst) return { verdict: 'ok' };
  const { id, limit, hint } = worst.rule;
  return { verdict: refusing ? 'refused' : 'limited', rule: id, reason: limit, hint };
}

/** The stacks of a rule in a sentence. */
export function stackNames(stacks: readonly DeviceStack[]): string {
  return stacks.map((stack) => DEVICE_STACKS[stack].name).join(', ');
}
