import type { DeviceCompatibility } from './device-rules';
import type { Warning } from './errors';
import type { InventoryStatus } from './inventory-query';
import type { RevocationReason } from './revocation-reason';

/** What the routes below `/secure-mqtt/certificates/` answer and the sidebar shows. Nothing in it is secret. */

/** A certificate in a list: no more than a row shows. */
export interface ListedCertificate {
  /** Id of the tls-ca node. */
  ca: string;
  serialNumber: string;
  commonName: string;
  /** A profile name, or `unknown` for what was made elsewhere. */
  profile: string;
  status: InventoryStatus;
  /** ISO 8601. */
  notAfter: string;
  /** Whole days, rounded down; negative afterwards. */
  daysRemaining: number;
  /** Serial number of the certificate that counts instead: same name and profile, newer, and valid. */
  replacedBy?: string;
  /** How many use it. */
  uses: number;
  /** Somebody still uses it although it is revoked, expired or replaced. */
  drift: boolean;
}

/** A part of the list of all certificates. */
export interface CertificatePage {
  /** Certificates that match, also those on other pages. */
  total: number;
  /** Certificates of all CAs. */
  all: number;
  offset: number;
  items: ListedCertificate[];
}

/**
 * How a certificate is used: a CA signs with it, it is shown to a broker or to clients, read by a core tls-config,
 * written to a folder, or was seen by a probe.
 */
export type UseKind = 'authority' | 'connection' | 'server' | 'core' | 'exported' | 'served';

/** Who uses a certificate, as far as this Node-RED knows. */
export interface CertificateUse {
  kind: UseKind;
  /** Id of the node to look at. */
  node: string;
  type: string;
  /** Its name, else its type. */
  label: string;
  /** The folder, or the endpoint that a probe saw. */
  place?: string;
  /** ISO 8601: when it was written there, or seen. */
  at?: string;
}

/** All about one certificate. */
export interface CertificateDetails extends Omit<ListedCertificate, 'uses'> {
  keyType: string;
  /** `dns:…`, `ip:…` */
  subjectAltNames: string[];
  /** ISO 8601. */
  notBefore: string;
  /** ISO 8601; only when revoked. */
  revokedAt?: string;
  reason?: RevocationReason;
  /** Upper-case colon hex. */
  fingerprint256: string;
  /** The CA folder holds its private key. */
  hasKey: boolean;
  uses: readonly CertificateUse[];
  /** Which devices and programs can use it. */
  compatibility: DeviceCompatibility;
  /** What must be typed to revoke it; empty when a click is enough. */
  confirm: string;
}

/** A CA; `opening` while it is being made or opened. */
export type AuthorityOverview = {
  /** Id of the tls-ca node. */
  id: string;
  /** Its name, else its id. */
  name: string;
  /** How many nodes name it. */
  users: number;
} & (AuthorityOpening | AuthorityFailed | AuthorityReady);

export interface AuthorityOpening {
  state: 'opening';
}

export interface AuthorityFailed {
  state: 'failed';
  code: string;
  message: string;
  hint: string;
}

export interface AuthorityReady {
  state: 'ready';
  commonName: string;
  /** Common name of the CA above it; empty for a root. */
  issuer: string;
  /** ISO 8601. */
  notBefore: string;
  /** ISO 8601. */
  notAfter: string;
  daysRemaining: number;
  keyType: string;
  keysEncrypted: boolean;
  /** Upper-case colon hex. */
  fingerprint256: string;
  issued: number;
  /** ISO 8601; null when there is no revocation list to be read. */
  crlUntil: string | null;
}

/** The certificates that end within a stretch of time. */
export interface TimelineBar {
  /** `expired`, or `d` and the days from now at which it begins. */
  bar: string;
  /** ISO 8601; absent for what is over. */
  from?: string;
  /** ISO 8601; absent for the last one. */
  until?: string;
  count: number;
  /** Of these, the ones that have reached the time of renewal. */
  due: number;
}

export interface Renewed {
  serialNumber: string;
  /** ISO 8601. */
  notAfter: string;
  warnings: Warning[];
}

export interface Revoked {
  /** ISO 8601. */
  revokedAt: string;
  crlNumber: string;
  /** ISO 8601. */
  nextUpdate: string;
  warnings: Warning[];
}

/** What a .zip of one certificate can hold; other layouts have settings, and a node for them. */
export const ZIP_LAYOUTS = ['pem', 'der', 'c-header', 'pkcs12', 'esp8266', 'esp32', 'mosquitto'] as const;
export type ZipLayout = (typeof ZIP_LAYOUTS)[number];

/** Layouts that write the name of the broker into a sketch: for certificates of clients. */
export const SKETCH_LAYOUTS: readonly ZipLayout[] = ['esp8266', 'esp32'];
const CLIENT_PROFILES: readonly string[] = ['client', 'device', 'server-client'];
const SERVER_PROFILES: readonly string[] = ['server', 'server-client'];

/** The layouts that make sense for a certificate. @param profile a profile name, or `unknown` */
export function zipLayoutsFor(profile: string): ZipLayout[] {
  return ZIP_LAYOUTS.filter((layout) => {
    if (layout === 'mosquitto') return SERVER_PROFILES.includes(profile);
    return !SKETCH_LAYOUTS.includes(layout) || CLIENT_PROFILES.includes(profile);
  });
}

/** What open editors listen to. It carries no facts: whoever wants them asks the routes, which look at permissions. */
export const NEWS_TOPIC = 'secure-mqtt/certificates';
