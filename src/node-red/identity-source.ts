import type { CertificateAuthority } from '../ca/certificate-authority';
import { codedError } from '../model/errors';
import { readSelector } from '../model/selector';
import { readPkcs12 } from '../pki/pkcs12';
import { readClientIdentity, type ClientIdentity } from '../tls/client-identity';
import { authorityOf } from './authority-node';
import { currentCoreTls } from './core-tls-config';
import {
  absent,
  identityNameOf,
  needed,
  readFile,
  unsupported,
  usesIdentity,
  type MaterialContext,
  type MaterialCredentials,
  type MaterialSettings,
} from './material-settings';

/**
 * Who we are; undefined when no client certificate is to be shown.
 *
 * @throws INPUT_CONFIG, INPUT_CLIENT_ID, STORE_*, PEM_*, P12_*, CERT_*, KEY_*; CERT_NOT_FOUND for a name the CA does not know;
 *   CA_* when the CA is not available
 */
export async function readIdentity(
  context: MaterialContext,
  settings: MaterialSettings,
  credentials: MaterialCredentials = {},
): Promise<ClientIdentity | undefined> {
  if (!usesIdentity(settings)) return undefined;
  const { security, identity, tlsConfig, certPem } = settings;
  const secretPassphrase = credentials.passphrase || undefined;
  switch (identity) {
    case 'none':
      if (security === 'mutual')
        throw absent('identity', 'no client certificate is chosen', 'Choose where it comes from');
      return undefined;
    case 'issue':
      return issuedIdentity(await authorityOf(context.RED, settings.ca ?? ''), settings);
    case 'store':
      return storedIdentity(await authorityOf(context.RED, settings.ca ?? ''), settings);
    case 'file': {
      requireCertificate(settings.certFile, settings.keyFile, 'keyFile');
      const certificate = await readFile(context, settings.certFile, 'certFile', 'the certificate file');
      // One PEM may hold both, which is how a pair is replaced in one rename.
      const key = settings.keyFile?.trim()
        ? await readFile(context, settings.keyFile, 'keyFile', 'the key file')
        : undefined;
      return readClientIdentity({
        certificate: certificate.bytes,
        certificateLabel: certificate.label,
        secretKey: key?.bytes,
        keyLabel: key?.label,
        secretPassphrase,
      });
    }
    case 'pkcs12': {
      const { bytes, label } = await readFile(context, settings.p12File, 'p12File', 'the PKCS#12 file');
      return keyStoreIdentity(context, bytes, label, secretPassphrase);
    }
    case 'pem': {
      const secretKey = credentials.keyPem?.trim() || undefined;
      requireCertificate(certPem, secretKey, 'keyPem');
      const certificate = needed(certPem, 'certPem', 'client certificate');
      return readClientIdentity({ certificate, secretKey, secretPassphrase });
    }
    case 'tls-config': {
      const { cert, key, pfx, passphrase } = await currentCoreTls(context, tlsConfig ?? '');
      if (pfx) return keyStoreIdentity(context, pfx, 'the PKCS#12 file of the tls-config', passphrase);
      const found = readClientIdentity({
        certificate: cert,
        certificateLabel: 'the certificate of the tls-config',
        secretKey: key,
        keyLabel: 'the key of the tls-config',
        secretPassphrase: passphrase || undefined,
      });
      if (!found)
        throw absent('tlsConfig', 'the tls-config has no client certificate', 'Add certificate and key to it');
      return found;
    }
    default:
      throw unsupported('identity', identity);
  }
}

/** Nothing set at all is an unfinished setting, a key alone is half an identity. */
function requireCertificate(certificate: string | undefined, key: string | undefined, field: string): void {
  if (certificate?.trim() || !key?.trim()) return;
  throw codedError(
    'CERT_ABSENT',
    'the private key is given without its certificate',
    { field },
    'Give the certificate that belongs to the key too, or remove the key',
  );
}

async function keyStoreIdentity(
  { warn }: MaterialContext,
  bytes: Buffer,
  label: string,
  secretPassphrase: string | undefined,
): Promise<ClientIdentity> {
  const { privateKey, certificate, chain, warnings } = await readPkcs12(bytes, secretPassphrase);
  for (const { code, message, cause, hint } of warnings) warn?.({ code, message: `${label}: ${message}`, cause, hint });
  if (!privateKey) {
    const hint = 'Export it again with its key; a trust store holds none';
    throw codedError('KEY_ABSENT', `${label} holds no private key`, { file: label }, hint);
  }
  // Without the root: a server has it already or does not trust it (RFC 8446 §4.4.2).
  const sent = certificate ? [certificate, ...chain.filter(({ isSelfIssued }) => !isSelfIssued)] : [];
  const identity = readClientIdentity({
    certificate: sent.map(({ pem }) => pem).join(''),
    certificateLabel: label,
    secretKey: privateKey,
    keyLabel: `the private key in ${label}`,
  });
  return identity as ClientIdentity; // a key was given
}

async function issuedIdentity(authority: CertificateAuthority, settings: MaterialSettings): Promise<ClientIdentity> {
  const commonName = identityNameOf(settings);
  if (commonName === undefined) {
    throw codedError(
      'INPUT_CLIENT_ID',
      'a client certificate is to be issued, but neither its name nor a client id is set',
      { field: 'identityName' },
      'Set the name for the certificate, or a fixed client id',
    );
  }
  const { certificate, chain, secretPrivateKey } = await authority.ensure({
    profile: 'client',
    subject: { commonName },
  });
  return requireIdentity(certificate.pem + chain.map(({ pem }) => pem).join(''), secretPrivateKey);
}

async function storedIdentity(authority: CertificateAuthority, settings: MaterialSettings): Promise<ClientIdentity> {
  const { serialNumber } = authority.find(readSelector(identityNameOf(settings)));
  const { certificate, chain } = await authority.load(serialNumber);
  const secretKey = await authority.secretPrivateKey(serialNumber);
  return requireIdentity(certificate.pem + chain.map(({ pem }) => pem).join(''), secretKey);
}

function requireIdentity(certificatePem: string, secretKey: ClientIdentity['secretKey'] | undefined): ClientIdentity {
  const identity = readClientIdentity({ certificate: certificatePem, secretKey });
  if (!identity) throw absent('identity', 'the CA gave no certificate', 'Issue one with a private key');
  return identity;
}
