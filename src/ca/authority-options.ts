import { codedError } from '../model/errors';
import type { Clock } from '../model/clock';
import type { CaSource, TlsCaConfig } from '../model/config/tls-ca';
import { checkDistinguishedName, type DistinguishedName } from '../model/distinguished-name';
import { parseThreshold, type RenewalThreshold } from '../model/duration';
import { isKeyType, type KeyType } from '../model/key-type';
import { shownValue } from '../model/shown-value';
import { parseNameConstraints, type NameConstraints } from '../model/name-constraints';
import type { Certificate } from '../pki/certificate';
import type { FileSystem } from '../store/file-system';
import type { ProcessTable } from '../store/process-identity';
import type { CertificateAuthority } from './certificate-authority';

/** What a CA is made of and how it issues; the checked form of the `tls-ca` node's properties. */
export interface AuthoritySettings {
  source: CaSource;
  subject: DistinguishedName;
  keyType: KeyType;
  /** Days from creation to the end of the CA certificate. */
  validityDays: number;
  /** Days a server or client certificate lives. */
  leafValidityDays: number;
  /** Days a device certificate lives. */
  deviceValidityDays: number;
  /** When certificates of this CA are due for renewal. */
  renewBefore: RenewalThreshold;
  /** Days from one CRL to its nextUpdate; refreshed at half of it. */
  crlDays: number;
  nameConstraints?: NameConstraints;
  /** How many CAs may stand below this one, one under the other; absent: any below a root, none below an intermediate. */
  pathLength?: number;
}

/** What {@link acquireAuthority} needs. */
export interface AuthorityOptions {
  /** Absolute path of the CA folder. */
  folder: string;
  /** Absolute path of what a CA with the source `import` is taken over from; read only once, and never written. */
  importPath?: string;
  /** Absolute path of Node-RED's user directory; `.secure-mqtt/authorities.json` lies in it. */
  userDir: string;
  /** Id of the tls-ca node, written into `authorities.json` and the journal. */
  nodeId: string;
  settings: AuthoritySettings;
  /** Encrypts every private key of a CA that is created, opens those of one that exists. */
  passphrase?: string;
  /** The CA above this one; only read when this one is created, and for its chain. */
  issuer?: CertificateAuthority;
  /** Upper-case colon hex; the folder must hold this CA. Empty or absent: any. */
  expectedFingerprint256?: string;
  /** Who acts, for the journal. */
  actor?: string;
  fs?: FileSystem;
  clock?: Clock;
  /** Tells whether the owner of a lock is alive. */
  processes?: ProcessTable;
  /** Source of serial numbers. */
  random?: (size: number) => Buffer;
}

/** A hundred years: beyond it a date is a typing mistake. */
export const LONGEST_VALIDITY_DAYS = 36_525;

/** A minute; what is shorter has expired before anybody can use it. */
export const SHORTEST_VALIDITY_DAYS = 1 / 1440;

/**
 * Check the properties of a `tls-ca` node.
 *
 * @throws INPUT_CONFIG (source, pathLength), INPUT_COMMON_NAME, INPUT_SUBJECT, INPUT_KEY_TYPE, INPUT_VALIDITY, INPUT_NAME_CONSTRAINTS
 */
export function authoritySettings(config: TlsCaConfig): AuthoritySettings {
  const { source } = config;
  if (source !== 'create' && source !== 'import') throw unsupportedSource(source);
  if (!isKeyType(config.keyType)) {
    throw codedError('INPUT_KEY_TYPE', `unknown key type ${JSON.stringify(config.keyType)}`, { value: config.keyType });
  }
  const { commonName, organization, organizationalUnit, country, state, locality } = config;
  // What an imported CA is called stands in its certificate.
  const named = source === 'import' ? { commonName: config.name.trim().slice(0, 64) || 'CA' } : undefined;
  const subject = checkDistinguishedName(
    named ?? {
      // The name of the node is what its user called this CA.
      commonName: String(commonName ?? '').trim() || config.name,
      organization,
      organizationalUnit,
      country,
      state,
      locality,
    },
  );
  if (!subject.commonName) {
    throw codedError('INPUT_COMMON_NAME', 'the CA has no name', { field: 'commonName' }, 'Give the CA a name');
  }
  const constraints = parseNameConstraints(config.nameConstraints);
  return {
    source,
    subject,
    keyType: config.keyType,
    validityDays: checkDays('validityDays', config.validityDays),
    leafValidityDays: checkDays('leafValidityDays', config.leafValidityDays),
    deviceValidityDays: checkDays('deviceValidityDays', config.deviceValidityDays),
    renewBefore: parseThreshold(config.renewBefore),
    crlDays: checkDays('crlDays', config.crlDays),
    ...(constraints && { nameConstraints: constraints }),
    ...readPathLength(config.pathLength),
  };
}

/** RFC 5280 sets no limit, but no TLS stack follows ten certificates. */
const LONGEST_PATH = 8;

function readPathLength(value: unknown): { pathLength?: number } {
  const text = String(value ?? '').trim();
  if (text === '') return {};
  if (/^\d$/.test(text) && Number(text) <= LONGEST_PATH) return { pathLength: Number(text) };
  throw codedError(
    'INPUT_CONFIG',
    `the number of CAs below is ${shownValue(value)}, not a whole number from 0 to ${LONGEST_PATH}`,
    { field: 'pathLength', value: shownValue(value) },
    'Leave it empty, or write how many CAs may stand below this one, one under the other',
  );
}

/**
 * A period in days as a property or message gives it; numbers as text are taken, because typed inputs give them.
 *
 * @throws INPUT_VALIDITY
 */
export function checkDays(field: string, value: unknown): number {
  const days = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof days === 'number' && days >= SHORTEST_VALIDITY_DAYS && days <= LONGEST_VALIDITY_DAYS) return days;
  throw codedError(
    'INPUT_VALIDITY',
    `${field} is ${JSON.stringify(value)}, not a number of days between a minute (1/1440) and ${LONGEST_VALIDITY_DAYS}`,
    { field, value, limit: LONGEST_VALIDITY_DAYS },
    'Give the period in days, for example 397',
  );
}

/** The CA at a place was issued by another one than the node names. */
export function otherIssuer(place: string, certificate: Certificate, issuer: { certificate: Certificate }) {
  return codedError(
    'CA_MISMATCH',
    `the CA in ${place} was issued by ${certificate.issuerText}, the node names ${issuer.certificate.subjectText}`,
    { folder: place, found: certificate.issuerText, expected: issuer.certificate.subjectText },
    'Choose the CA above that this one was created under; it cannot be changed afterwards',
  );
}

/** Engines outside (ACME, EST, step-ca …) are further sources; each will be one file beside this one. */
function unsupportedSource(source: unknown) {
  return codedError(
    'INPUT_CONFIG',
    `the source ${JSON.stringify(source)} of a CA is not supported, only "create" and "import"`,
    { field: 'source', value: source, supported: ['create', 'import'] },
    'Choose "create a new CA" or "use the CA you already have"',
  );
}
