import { isIP } from 'node:net';
import { createSecureContext, type ConnectionOptions, type SecureContext } from 'node:tls';
import { codedError, isCodedError } from '../model/errors';
import { secretPrivateKeyPem } from '../pki/private-key';
import { judgeServerIdentity } from './server-identity';
import { describeTrust } from './trust';
import type { TlsMaterial } from './tls-material';

/**
 * The options of `tls.connect` for a material.
 *
 * Everything Node would decide by itself is said outright: `rejectUnauthorized` (an undefined one follows the
 * environment variable NODE_TLS_REJECT_UNAUTHORIZED), trust (an undefined `ca` means the public roots), the least
 * version, and no session to resume (a resumed one is not verified again).
 *
 * With `verifyServer` on, names and pins are judged in `checkServerIdentity`, before any application byte. With it
 * off Node does not call that function when the chain is wrong, so pins need the check of
 * `secure-connection.ts`, which every connection of this package goes through.
 *
 * @param material see {@link TlsMaterial}
 * @param host name or address to connect to
 * @throws KEY_MISMATCH, CERT_WEAK, CRL_MALFORMED, CERT_MALFORMED, TLS_HANDSHAKE for what OpenSSL refuses to load
 */
export function secureConnectOptions(material: TlsMaterial, host: string, port: number): ConnectionOptions {
  const name = material.servername || host;
  return {
    host,
    port,
    secureContext: secureContext(material),
    rejectUnauthorized: material.verifyServer !== false,
    // RFC 6066 §3: an address is no server name.
    ...(isIP(name) ? {} : { servername: name }),
    ...(material.alpn.length > 0 ? { ALPNProtocols: material.alpn } : {}),
    checkServerIdentity: (_host, certificate) => judgeServerIdentity(certificate.raw, name, material),
  };
}

/** Options without revocation lists: the probe judges those itself, so that Node's verdict stays that of a plain connect. */
export function withoutRevocationLists(material: TlsMaterial): TlsMaterial {
  return { ...material, crlPem: undefined };
}

type ContextParts = Pick<TlsMaterial, 'identity' | 'crlPem' | 'crlScope' | 'minVersion'>;

/** The last context of a trust: a run of many probes makes one, and OpenSSL reads the anchors once. */
const contexts = new WeakMap<TlsMaterial['trust'], ContextParts & { context: SecureContext }>();

function secureContext(material: TlsMaterial): SecureContext {
  const { trust, identity, crlPem, crlScope, minVersion } = material;
  const last = contexts.get(trust);
  const fits =
    last?.identity === identity &&
    last?.crlPem === crlPem &&
    last?.crlScope === crlScope &&
    last?.minVersion === minVersion;
  if (last && fits) return last.context;
  const context = newSecureContext(material);
  contexts.set(trust, { identity, crlPem, crlScope, minVersion, context });
  return context;
}

function newSecureContext(material: TlsMaterial): SecureContext {
  const { trust, identity, crlPem, crlScope } = material;
  try {
    return createSecureContext({
      minVersion: material.minVersion === 'TLSv1.3' ? 'TLSv1.3' : 'TLSv1.2',
      ...(trust.kind === 'anchors' ? { ca: trust.pem } : {}),
      // OpenSSL knows only one scope; `secure-connection.ts` judges the other.
      ...(crlPem && crlPem.length > 0 && crlScope === 'every-ca' ? { crl: crlPem } : {}),
      ...(identity ? { cert: identity.certificatePem, key: secretPrivateKeyPem(identity.secretKey) } : {}),
    });
  } catch (error) {
    throw isCodedError(error) ? error : contextError(error as NodeJS.ErrnoException, material);
  }
}

/** What OpenSSL says when it refuses to load something, by the part of its code that is the same on Node 20 and 22. */
const CONTEXT_ERRORS = [
  [/KEY_VALUES_MISMATCH/, 'KEY_MISMATCH', 'Take the certificate and the key of the same name and the same day'],
  [/TOO_(SMALL|WEAK)/, 'CERT_WEAK', 'Issue the certificate again with a current key and SHA-256'],
  [/CRYPTO_OPERATION_FAILED|CRL/, 'CRL_MALFORMED', 'Copy the revocation list again'],
] as const;

function contextError(error: NodeJS.ErrnoException, material: TlsMaterial): Error {
  const { code = '', message } = error;
  const [, known, hint] = CONTEXT_ERRORS.find(([pattern]) => pattern.test(code)) ?? [];
  return codedError(
    known ?? 'TLS_HANDSHAKE',
    `OpenSSL does not take the certificates: ${message}`,
    { code, reason: message, trust: describeTrust(material.trust) },
    hint ?? 'Check the CA file, the certificate and the private key',
  );
}
