import type { Certificate } from './certificate';

/** No TLS stack follows longer chains by default. */
const MAX_LENGTH = 10;
/** A hostile server may send many certificates of one name; each costs a signature check. */
const MAX_CHECKS = 100;

export interface Chain {
  /** From the leaf upwards as far as issuers were found; includes the anchor. */
  chain: Certificate[];
  /** The last one, when it is among the anchors. It may still not be a root: `anchor.isSelfIssued`. */
  anchor?: Certificate;
}

interface Search {
  sent: readonly Certificate[];
  anchors: readonly Certificate[];
  checksLeft: number;
}

/**
 * Find the way from a leaf to a trust anchor, in whatever order the certificates came.
 *
 * @param leaf the certificate in question
 * @param sent what the peer sent or the file holds, in any order; the leaf may be among them
 * @param anchors what is trusted
 * @returns a chain to a root among the anchors when there is one, else to any anchor, else the longest
 */
export function buildChain(leaf: Certificate, sent: readonly Certificate[], anchors: readonly Certificate[]): Chain {
  const search: Search = { sent, anchors, checksLeft: MAX_CHECKS };
  return extend([leaf], search);
}

function extend(chain: Certificate[], search: Search): Chain {
  const last = chain[chain.length - 1] as Certificate;
  const trusted = search.anchors.some((anchor) => anchor.equals(last));
  let best: Chain = trusted ? { chain, anchor: last } : { chain };
  if (last.isSelfIssued && (trusted || last.isSignedBy(last))) return best; // the top, trusted or not
  if (chain.length >= MAX_LENGTH) return best;
  for (const issuer of candidates(last, chain, search)) {
    if (search.checksLeft-- <= 0) break;
    if (!last.isSignedBy(issuer)) continue;
    const found = extend([...chain, issuer], search);
    if (rank(found) > rank(best)) best = found;
    if (rank(best) >= COMPLETE) break;
  }
  return best;
}

const COMPLETE = 2000;

function rank({ chain, anchor }: Chain): number {
  const end = anchor ? (anchor.isSelfIssued ? COMPLETE : COMPLETE / 2) : 0;
  return end + chain.length;
}

/** Certificates of the right name, trusted ones first, then those whose key identifier fits, then the rest. */
function candidates(child: Certificate, chain: readonly Certificate[], search: Search): Certificate[] {
  const preference = (certificate: Certificate): number =>
    (search.anchors.includes(certificate) ? 0 : 2) + (fitsKeyId(child, certificate) ? 0 : 1);
  // By name first: there may be 150 anchors and hardly ever more than one of the name.
  const named = [...search.anchors, ...search.sent].filter((item) => child.isIssuedInNameOf(item));
  return named
    .filter((item, index) => named.findIndex((other) => other.equals(item)) === index)
    .filter((item) => !chain.some((member) => member.equals(item)))
    .sort((a, b) => preference(a) - preference(b));
}

function fitsKeyId(child: Certificate, issuer: Certificate): boolean {
  const { authorityKeyId } = child;
  return !authorityKeyId || !issuer.subjectKeyId || authorityKeyId.equals(issuer.subjectKeyId);
}
