import { warning, type Warning } from '../model/errors';
import type { Certificate } from './certificate';
import { STRICT_RULES, type StrictOptions } from './strict-rules';

export { buildChain, type Chain } from './chain';
export { nameMatches } from './name-matching';

/**
 * What strict verifiers (`openssl verify -x509_strict`, Python 3.13 and later, by subjectAltName only) find wrong.
 *
 * @param chain from the leaf to the anchor, as {@link buildChain} returns it. OpenSSL applies its strict rules only to
 *              chains of two and more; so does this
 * @returns data, not exceptions; empty when a strict verifier accepts. `cause` has `rule`, `index` and `subject`
 */
export function strictFindings(chain: readonly Certificate[], options: StrictOptions): Warning[] {
  const rules = STRICT_RULES.filter(({ code }) => chain.length > 1 || code !== 'CERT_NOT_STRICT');
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
