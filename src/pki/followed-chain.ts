import type { Certificate } from './certificate';
import type { Chain } from './chain';
import { referenceMismatch } from './issuer-reference';

/** No TLS stack follows longer chains by default. */
const MAX_LENGTH = 10;
/** A hostile server may send many certificates of one name; each costs a signature check. */
const MAX_CHECKS = 100;

/**
 * The way OpenSSL, and so Node, goes from a server's certificate to a root (`build_chain` of crypto/x509/x509_vfy.c).
 *
 * It never turns back: at each step a trusted issuer comes first, then one that was sent, one that is valid now before
 * one that is not, and behind the first trusted one only trusted ones count. `buildChain` finds a way where there is
 * any; this one says which certificates a verdict is about. Unlike OpenSSL it takes only issuers whose signature is
 * right, and one that the certificate names otherwise only when there is no other: both can then be told.
 *
 * @param sent what the server sent behind its own certificate, in its order
 * @param now milliseconds since 1970
 */
export function followChain(
  leaf: Certificate,
  sent: readonly Certificate[],
  anchors: readonly Certificate[],
  now: number,
): Chain {
  const chain = [leaf];
  const checks = { left: MAX_CHECKS };
  let isTrusted = false;
  while (chain.length < MAX_LENGTH) {
    const last = chain.at(-1) as Certificate;
    if (last.isSelfIssued && last.isSignedBy(last)) break;
    const trusted = pick(last, anchors, chain, now, checks);
    const issuer = trusted ?? (isTrusted ? undefined : pick(last, sent, chain, now, checks));
    if (!issuer) break;
    isTrusted ||= trusted !== undefined;
    chain.push(issuer);
  }
  const top = chain.at(-1) as Certificate;
  return anchors.some((anchor) => anchor.equals(top)) ? { chain, anchor: top } : { chain };
}

function pick(
  child: Certificate,
  from: readonly Certificate[],
  chain: readonly Certificate[],
  now: number,
  checks: { left: number },
): Certificate | undefined {
  const named = from.filter((item) => child.isIssuedInNameOf(item) && !chain.some((member) => member.equals(item)));
  const candidates = named.length > 1 ? byPreference(child, named, now) : named;
  return candidates.find((item) => checks.left-- > 0 && child.isSignedBy(item));
}

/** Those that the certificate means, those that are valid now, and of the others those that end last. */
function byPreference(child: Certificate, named: readonly Certificate[], now: number): Certificate[] {
  const ranked = named.map((item) => ({
    item,
    isMeant: referenceMismatch(child, item) === undefined,
    end: isValidAt(item, now) ? Infinity : item.notAfter.getTime(),
  }));
  ranked.sort((a, b) => Number(b.isMeant) - Number(a.isMeant) || (a.end === b.end ? 0 : b.end - a.end));
  return ranked.map(({ item }) => item);
}

function isValidAt({ notBefore, notAfter }: Certificate, now: number): boolean {
  return notBefore.getTime() <= now && now <= notAfter.getTime();
}
