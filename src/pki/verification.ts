import { warning, type Warning } from '../model/errors';
import type { Certificate } from './certificate';
import { NAME_RULES, PATH_RULES } from './path-rules';
import { STRICT_RULES } from './strict-rules';
import type { VerificationOptions, VerificationRule } from './verification-rule';

export { buildChain, type Chain } from './chain';
export { nameMatches } from './name-matching';

/**
 * What strict verifiers (`openssl verify -x509_strict`, Python 3.13 and later, by subjectAltName only) find wrong.
 *
 * @param chain from the leaf to the anchor, as {@link buildChain} returns it. OpenSSL applies its strict rules only to
 *              chains of two and more; so does this
 * @returns data, not exceptions; empty when a strict verifier accepts. `cause` has `rule`, `index` and `subject`
 */
export function strictFindings(chain: readonly Certificate[], options: VerificationOptions): Warning[] {
  return findings(chain.length > 1 ? ALL_RULES : LONE_RULES, chain, options);
}

const LONE_RULES: readonly VerificationRule[] = [...PATH_RULES, ...NAME_RULES];
const ALL_RULES: readonly VerificationRule[] = [...PATH_RULES, ...STRICT_RULES, ...NAME_RULES];

function findings(
  rules: readonly VerificationRule[],
  chain: readonly Certificate[],
  options: VerificationOptions,
): Warning[] {
  const found: Warning[] = [];
  for (const [index, certificate] of chain.entries()) {
    // One context for all rules: there are thirty of them, and a thousand servers in a run.
    const context = { ...options, certificate, index, chain };
    for (const { id, code, finding, hint } of rules) {
      const text = finding(context);
      if (!text) continue;
      const subject = certificate.subjectText;
      found.push(warning(code, `"${subject || 'the certificate'}" ${text}`, { rule: id, index, subject }, hint));
    }
  }
  return found;
}
