import { createHash, timingSafeEqual } from 'node:crypto';
import type { PeerCertificate, TLSSocket } from 'node:tls';
import type { CertificateAuthority } from '../ca/certificate-authority';
import { codedError, type CodedError, type ErrorCode } from '../model/errors';
import { Certificate } from '../pki/certificate';
import type { RecentCertificates } from '../pki/recent-certificates';
import { standingProblem } from './server-standing';

/** Who a client is, as far as its certificate says. */
export interface ClientCertificate {
  /** Common name. */
  identity: string;
  serialNumber: string;
}

/** What of the CA decides about clients. */
export type AdmittingAuthority = Pick<CertificateAuthority, 'hasIssued' | 'statusOf'>;

/** What Node says of a client certificate, as our codes. */
const VERIFY_CODES: Readonly<Record<string, ErrorCode>> = {
  CERT_HAS_EXPIRED: 'CERT_EXPIRED',
  CERT_NOT_YET_VALID: 'CERT_NOT_YET_VALID',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'CERT_SELF_SIGNED',
  SELF_SIGNED_CERT_IN_CHAIN: 'CERT_ISSUER_UNKNOWN',
  UNABLE_TO_GET_ISSUER_CERT: 'CERT_ISSUER_UNKNOWN',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'CERT_ISSUER_UNKNOWN',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'CERT_ISSUER_UNKNOWN',
  CERT_SIGNATURE_FAILURE: 'CERT_ISSUER_REPLACED',
  INVALID_PURPOSE: 'CERT_PURPOSE',
  INVALID_CA: 'CERT_NOT_A_CA',
  CERT_REVOKED: 'CERT_REVOKED',
};

/**
 * Judge the client certificate of a finished handshake, before a byte of MQTT is read.
 *
 * Node's verdict alone is not enough: any certificate below the trusted root would pass, also one of another
 * intermediate, and revocation lives in the inventory. So the certificate must be one that this CA has issued and
 * still stands by.
 *
 * @param recent of clients that were let in before: they need not be read again
 * @throws TLS_CLIENT_CERT_REQUIRED, CERT_EXPIRED, CERT_NOT_YET_VALID, CERT_SELF_SIGNED, CERT_ISSUER_UNKNOWN,
 *   CERT_ISSUER_REPLACED, CERT_PURPOSE, CERT_NOT_A_CA, CERT_REVOKED, CERT_NOT_FOUND, CERT_MALFORMED,
 *   TLS_CLIENT_CERT_REFUSED for whatever else Node says
 */
export function admitCertificate(
  socket: TLSSocket,
  authority: AdmittingAuthority,
  recent: RecentCertificates,
): ClientCertificate {
  const der = shownBy(socket);
  if (der === undefined) {
    throw codedError(
      'TLS_CLIENT_CERT_REQUIRED',
      'the client sent no certificate',
      { address: socket.remoteAddress },
      'Give the client a certificate and key of this CA (tls issue, profile client or device)',
    );
  }
  const certificate = recent.recall(der) ?? Certificate.fromDer(der);
  const facts = {
    subject: certificate.subjectText,
    issuer: certificate.issuerText,
    serialNumber: certificate.serialNumber,
  };
  if (!socket.authorized) {
    const reason = String(socket.authorizationError);
    throw refused(VERIFY_CODES[reason] ?? 'TLS_CLIENT_CERT_REFUSED', `${facts.subject}: ${reason}`, {
      ...facts,
      reason,
    });
  }
  if (!authority.hasIssued(certificate)) {
    throw refused('CERT_ISSUER_UNKNOWN', `${facts.subject} was issued by ${facts.issuer}, not by this CA`, facts);
  }
  const identity = certificate.subject.commonName;
  if (!identity) throw refused('INPUT_COMMON_NAME', `${facts.subject} has no common name`, facts);
  const client = { identity, serialNumber: certificate.serialNumber };
  const problem = standingProblem(client, authority);
  if (problem) throw problem;
  recent.keep(certificate);
  return client;
}

/**
 * Node's older form costs a third of the 140 µs of the newer one, but reads all of the certificate: not for one that
 * nobody has judged. A socket that is gone again shows none.
 */
function shownBy(socket: TLSSocket): Buffer | undefined {
  if (!socket.authorized) return socket.getPeerX509Certificate()?.raw;
  return (socket.getPeerCertificate() as PeerCertificate | null)?.raw;
}

function refused(code: ErrorCode, message: string, facts: Record<string, unknown>): CodedError {
  return codedError(
    code,
    `client certificate refused: ${message}`,
    facts,
    'Issue a new certificate for this client with the CA of the server',
  );
}

/** User names with passwords. */
export class Users {
  private readonly digests = new Map<string, Buffer>();

  /**
   * @param text `name:password`, one in a line; empty lines and lines with # are passed over
   * @throws INPUT_CONFIG with the number of the line; never with its text
   */
  static parse(text: string | undefined): Users {
    const users = new Users();
    (text ?? '').split(/\r?\n/).forEach((line, index) => {
      if (line.trim() === '' || line.startsWith('#')) return;
      const colon = line.indexOf(':');
      if (colon <= 0 || colon === line.length - 1) {
        throw codedError(
          'INPUT_CONFIG',
          `users, line ${index + 1}: expected name:password`,
          { field: 'users', line: index + 1 },
          'Write one name:password in each line',
        );
      }
      users.digests.set(line.slice(0, colon).trim(), digest(line.slice(colon + 1)));
    });
    return users;
  }

  get size(): number {
    return this.digests.size;
  }

  has(username: string): boolean {
    return this.digests.has(username);
  }

  /** Takes the same time for a wrong password and an unknown name. */
  accept(username: string | undefined, password: Buffer | undefined): boolean {
    const known = username === undefined ? undefined : this.digests.get(username);
    const given = digest(password ?? Buffer.alloc(0));
    return timingSafeEqual(known ?? NOBODY, given) && known !== undefined;
  }
}

function digest(password: string | Buffer): Buffer {
  return createHash('sha256').update(password).digest();
}

const NOBODY = Buffer.alloc(32);
