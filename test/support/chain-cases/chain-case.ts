import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { der } from '../../../src/encoding/der-writer';
import { rawCertificate, rawDns, rawExtensions, rawName, SERVER_AUTH, type RawCertificate } from '../raw-certificate';

/** A server with its certificates, and whom its client trusts: what verifiers are asked about. */
export interface ChainCase {
  /** Unique within its family. */
  name: string;
  leaf: Issued;
  /** What the server sends behind its own certificate, in this order, DER. */
  sent: readonly Buffer[];
  /** DER. */
  anchors: readonly Buffer[];
  /** Host name or address the certificate must be for. */
  peer: string;
}

/** A certificate with the key it is for. */
export interface Issued {
  der: Buffer;
  key: KeyObject;
  subject: Buffer;
  keyId?: Buffer;
}

/** What is other than in a proper certificate; an extension that is `undefined` is left out. */
export interface Changes extends Partial<RawCertificate> {
  key?: KeyObject;
  keyId?: Buffer;
  /** By a name of ours, so that one replaces another. */
  with?: Readonly<Record<string, Buffer | undefined>>;
}

export const PEER = 'localhost';
const CERT_SIGN = [5, 6];
const DAY_MS = 86_400_000;

/** DER of an instant some days from now. */
export const inDaysDer = (days: number): Buffer => der.time(new Date(Date.now() + days * DAY_MS));

/** Over since yesterday. */
export const EXPIRED: Changes = { notBefore: inDaysDer(-30), notAfter: inDaysDer(-1) };

export function newKey(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
}

let serial = 1;

function issue(
  issuer: Issued | undefined,
  proper: Changes['with'] & object,
  subject: Buffer,
  changes: Changes,
): Issued {
  const { with: other = {}, key = newKey(), keyId, ...parts } = changes;
  const authority = issuer ?? { subject, key, keyId };
  const extensions = { ...proper, ...other };
  const bytes = rawCertificate({
    serial: der.integer((serial += 1)).subarray(2),
    subject,
    issuer: authority.subject,
    publicKey: key,
    signWith: authority.key,
    extensions: Object.values(extensions).filter((extension) => extension !== undefined),
    ...parts,
  });
  return { der: bytes, key, subject: parts.subject ?? subject, keyId };
}

const idOf = ({ key, keyId }: Issued): KeyObject | Buffer => keyId ?? key;

/** A proper root, but for the changes. */
export function rootCa(name = 'Root', changes: Changes = {}): Issued {
  const key = changes.key ?? newKey();
  const proper = {
    constraints: rawExtensions.caConstraints(),
    usage: rawExtensions.keyUsage(CERT_SIGN),
    keyId: rawExtensions.subjectKeyId(changes.keyId ?? key),
  };
  return issue(undefined, proper, changes.subject ?? rawName(name), { ...changes, key });
}

/** A proper CA below another one, but for the changes. */
export function subCa(issuer: Issued, name = 'CA', changes: Changes = {}): Issued {
  const key = changes.key ?? newKey();
  const proper = {
    constraints: rawExtensions.caConstraints(),
    usage: rawExtensions.keyUsage(CERT_SIGN),
    keyId: rawExtensions.subjectKeyId(changes.keyId ?? key),
    issuerId: rawExtensions.authorityKeyId(idOf(issuer)),
  };
  return issue(issuer, proper, rawName(name), { ...changes, key });
}

/** A proper server certificate for {@link PEER}, but for the changes. */
export function server(issuer: Issued, changes: Changes = {}): Issued {
  const proper = {
    constraints: rawExtensions.leafConstraints(),
    usage: rawExtensions.keyUsage([0]),
    purposes: rawExtensions.extendedKeyUsage([SERVER_AUTH]),
    names: rawExtensions.subjectAltName([rawDns(PEER)]),
    issuerId: rawExtensions.authorityKeyId(idOf(issuer)),
  };
  return issue(issuer, proper, rawName('server'), changes);
}

/** The commonest form: a root, perhaps CAs between, a server. */
export function chainCase(name: string, chain: readonly Issued[], peer = PEER): ChainCase {
  const [leaf, ...issuers] = chain;
  const anchor = issuers.at(-1);
  if (!leaf || !anchor) throw new Error(`${name}: a chain needs a leaf and a root`);
  return { name, leaf, sent: issuers.slice(0, -1).map((issuer) => issuer.der), anchors: [anchor.der], peer };
}

/** root → CA → server with changes at any of them. */
export function threeStoried(name: string, changes: { root?: Changes; ca?: Changes; leaf?: Changes }): ChainCase {
  const root = rootCa('Root', changes.root);
  const ca = subCa(root, 'CA', changes.ca);
  return chainCase(name, [server(ca, changes.leaf), ca, root]);
}
