import type { DeviceCompatibility } from './device-rules';
import type { Warning } from './errors';
import type { KeyType } from './key-type';
import type { ProfileName } from './profile-name';

/** What tls-issue sends for a certificate and what tls-export takes (DESIGN.md §1.2; contract). */
export interface CertificateResult {
  /** Upper-case hex with an even number of digits. */
  serialNumber: string;
  commonName: string;
  profile: ProfileName;
  /** RFC 4514. */
  subject: string;
  /** RFC 4514. */
  issuer: string;
  /** ISO 8601. */
  notBefore: string;
  /** ISO 8601. */
  notAfter: string;
  /** SHA-256 over the DER, upper-case hex pairs separated by colons. */
  fingerprint256: string;
  /** `dns:…`, `ip:…`, `uri:…`, `email:…`. */
  subjectAltNames: string[];
  keyType: KeyType;
  /** PEM of the leaf. */
  certificate: string;
  /** PEM of the intermediates, empty under a root. */
  chain: string;
  /** Leaf and intermediates, never the root. */
  fullChain: string;
  /** PEM of the trust anchors. */
  trustAnchors: string;
  /** PKCS#8 PEM; only when the node was told to put the key into the message. */
  privateKeyPem?: string;
  /** By stack (`esp8266`, `java` …): `{verdict: ok | limited | refused, rule?, reason?, hint?}`. Beyond the contract. */
  compatibility?: DeviceCompatibility;
  warnings: Warning[];
}
