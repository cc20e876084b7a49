import { warning, type Warning } from '../model/errors';
import type { Certificate } from './certificate';
import { NAME_RULES, PATH_RULES } from './path-rules';
import { STRICT_RULES } from './strict-rules';
import type { VerificationOptions } from './verification-rule';

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
  const rules = [...PATH_RULES, ...(chain.length > 1 ? STRICT_RULES : []), ...NAME_RULES];
  return chain.flatMap((certificate, index) =>
    rules.flatMap(({ id, code, finding, hint }) => {
      const text = finding({ ...options, certificate, index, chain });
      const name = certificate.subjectText || 'the certificate';
      return text
        ? [warning(code, `"${name}" ${text}`, { rule: id, index, subject: certificate.subjectText }, hint)]
        : [];
    }),
  );
}
