import { createHash } from 'node:crypto';
import { Certificate } from '../pki/certificate';
import { followChain } from '../pki/followed-chain';
import { issuerReference, referenceMismatch } from '../pki/issuer-reference';

/** A certificate as it came over the wire. */
export interface SentCertificate {
  der: Buffer;
  /** Undefined when our strict reader refuses it; `problem` says why. */
  certificate?: Certificate;
  problem?: string;
}

/** Our own reading of a chain, beside Node's verdict, which names one code for many causes. */
export interface ChainReading {
  sent: SentCertificate[];
  leaf?: Certificate;
  /** From the leaf upwards, as far as signatures lead through what was sent; the anchor is not in it. */
  built: Certificate[];
  /** The trusted certificate at the end, when one was found. */
  anchor?: Certificate;
  anchors: readonly Certificate[];
  /** Intermediates we know of although the server does not send them (our own CA's). */
  known: readonly Certificate[];
}

/** Longest chain that is followed; a hostile server may send 64 that sign each other. */
const LONGEST_CHAIN = 16;

/**
 * @param ders as sent, leaf first
 * @param anchors the trusted certificates
 * @param now milliseconds since 1970: of several issuers one that is valid now comes first
 * @param known intermediates that may be missing on the wire
 */
export function readChain(
  ders: readonly Buffer[],
  anchors: readonly Certificate[],
  now: number,
  known: readonly Certificate[] = [],
): ChainReading {
  const sent = ders.map((der, index) => (index === 0 ? readSent(der) : readIssuer(der)));
  const leaf = sent[0]?.certificate;
  if (!leaf) return { sent, built: [], anchors, known };
  const others = sent.slice(1).flatMap(({ certificate }) => (certificate ? [certificate] : []));
  const { chain, anchor } = followChain(leaf, others, anchors, now);
  const built = chain.filter((certificate) => certificate !== anchor).slice(0, LONGEST_CHAIN);
  return { sent, leaf, built: built.length > 0 ? built : [leaf], anchor, anchors, known };
}

function readSent(der: Buffer): SentCertificate {
  try {
    return { der, certificate: Certificate.fromDer(der) };
  } catch (error) {
    return { der, problem: (error as Error).message };
  }
}

/** Intermediates as read before, newest last: all servers of a CA send the same ones, at every probe. */
const readIssuers = new Map<string, SentCertificate>();
const MOST_ISSUERS = 100;

function readIssuer(der: Buffer): SentCertificate {
  const key = createHash('sha256').update(der).digest('base64');
  const sent = readIssuers.get(key) ?? readSent(der);
  readIssuers.delete(key);
  readIssuers.set(key, sent);
  const [oldest] = readIssuers.keys();
  if (readIssuers.size > MOST_ISSUERS && oldest) readIssuers.delete(oldest);
  return sent;
}

/** The built chain with its anchor: everybody whose dates and rights count. */
export function chainMembers(chain: ChainReading): Certificate[] {
  return chain.anchor && !chain.built.includes(chain.anchor) ? [...chain.built, chain.anchor] : chain.built;
}

/** The last certificate that could be reached from the leaf. */
export function topOf(chain: ChainReading): Certificate | undefined {
  return chain.built.at(-1);
}

/** A trusted certificate that is no root, and whose issuer is not trusted: OpenSSL then goes no further. */
export function incompleteAnchor({ anchor }: ChainReading): Certificate | undefined {
  return anchor && !anchor.isSelfIssued ? anchor : undefined;
}

/** An issuer that has signed, but that the certificate names otherwise, which OpenSSL does not take. */
export function misnamedIssuer(chain: ChainReading): { certificate: Certificate; mismatch: string } | undefined {
  const members = chainMembers(chain);
  for (const [index, certificate] of members.entries()) {
    const issuer = members[index + 1] ?? (certificate.isSelfIssued ? certificate : undefined);
    const mismatch = issuer && referenceMismatch(certificate, issuer);
    if (mismatch) return { certificate, mismatch };
  }
  return undefined;
}

/** A trusted certificate with the name of the missing issuer but another key: the CA was made anew. */
export function replacedAnchor(chain: ChainReading): Certificate | undefined {
  const top = topOf(chain);
  if (!top || chain.anchor) return undefined;
  return chain.anchors.find(
    (anchor) => top.isIssuedInNameOf(anchor) && !anchor.spki.equals(top.spki) && !top.isSignedBy(anchor),
  );
}

/** An intermediate that was sent under the name of the missing issuer, but is not the one that signed. */
export function replacedIntermediate(chain: ChainReading): Certificate | undefined {
  const top = topOf(chain);
  if (!top || chain.anchor) return undefined;
  return chain.sent
    .flatMap(({ certificate }) => (certificate && certificate !== top ? [certificate] : []))
    .find((certificate) => top.isIssuedInNameOf(certificate) && !top.isSignedBy(certificate));
}

/** What speaks for a missing intermediate rather than a foreign CA; undefined when nothing does. */
export interface MissingIntermediate {
  /** RFC 4514 name of the certificate that should be sent. */
  missing: string;
  /** Why we think so. */
  because: 'known' | 'issuer-of-issuer' | 'public-ca' | 'same-organization' | 'its-name';
}

/** Extensions that every certificate of a public CA has and hardly any other. */
const PUBLIC_CA_EXTENSIONS = {
  authorityInformationAccess: '1.3.6.1.5.5.7.1.1',
  signedTimestamps: '1.3.6.1.4.1.11129.2.4.2',
};

/**
 * Tell a missing intermediate from an unknown CA.
 *
 * From the wire both look alike: the issuer of the last certificate is neither sent nor trusted. In falling
 * certainty: we know the intermediate; the certificate names its issuer's issuer (RFC 5280 §4.2.1.1), which
 * differs from its issuer; it comes from a public CA, and those always issue through an intermediate; the missing
 * issuer shares its organization with a CA we trust; its very name says intermediate.
 */
export function missingIntermediate(chain: ChainReading): MissingIntermediate | undefined {
  const top = topOf(chain);
  if (!top || chain.anchor || top.isSelfIssued) return undefined;
  const missing = top.issuerText;
  if (chain.known.some((certificate) => top.isSignedBy(certificate))) return { missing, because: 'known' };
  if (hasIssuerAbove(top)) return { missing, because: 'issuer-of-issuer' };
  if (top === chain.leaf && isFromPublicCa(top)) return { missing, because: 'public-ca' };
  const organization = top.issuer.organization;
  if (organization && chain.anchors.some((anchor) => sharesOrganization(anchor, top))) {
    return { missing, because: 'same-organization' };
  }
  if (/\b(intermediate|issuing|sub-?ca|subordinate|signing)\b/i.test(top.issuer.commonName ?? '')) {
    return { missing, because: 'its-name' };
  }
  return undefined;
}

function isFromPublicCa(certificate: Certificate): boolean {
  return Object.values(PUBLIC_CA_EXTENSIONS).every((oid) => certificate.extensions.some((item) => item.oid === oid));
}

function sharesOrganization(anchor: Certificate, top: Certificate): boolean {
  return anchor.subject.organization === top.issuer.organization && !top.isIssuedInNameOf(anchor);
}

/** authorityCertIssuer names who issued the issuer; when that is not the issuer itself, the issuer is no root. */
function hasIssuerAbove(certificate: Certificate): boolean {
  const issuer = issuerReference(certificate)?.issuer;
  return issuer !== undefined && issuer.canonical !== certificate.issuerCanonical;
}
