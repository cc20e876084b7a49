import type { ErrorCode } from '../model/errors';
import { row, type DiagnosisRow } from './diagnosis-row';
import { formatTarget } from './target';

/** What Node's code means at least, when nobody kept the certificates: a bare connection without the wire tap. */
const MEANINGS: readonly [nodeCode: string, code: ErrorCode, message: string, fix: string][] = [
  [
    'CERT_HAS_EXPIRED',
    'CERT_EXPIRED',
    'a certificate of the chain has expired',
    'Renew it and let the server load the new one',
  ],
  [
    'CERT_NOT_YET_VALID',
    'CERT_NOT_YET_VALID',
    'a certificate of the chain is not yet valid',
    'Check the clock of this machine and of the one that issued the certificate',
  ],
  [
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'CERT_SELF_SIGNED',
    "the server's certificate is signed by itself and not trusted",
    'Issue the server a certificate with your CA, or trust exactly this one',
  ],
  ...[
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'SELF_SIGNED_CERT_IN_CHAIN',
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    'CERT_UNTRUSTED',
  ].map((nodeCode): [string, ErrorCode, string, string] => [
    nodeCode,
    'CERT_ISSUER_UNKNOWN',
    'the issuer of the certificate is not among the trusted CAs',
    'Give the CA certificate the server was issued with; probe the server to see which one that is',
  ]),
  [
    'UNABLE_TO_GET_ISSUER_CERT',
    'CERT_ANCHOR_INCOMPLETE',
    'only an intermediate is trusted, not its root',
    'Put the certificate of the root into the CA file',
  ],
  [
    'CERT_SIGNATURE_FAILURE',
    'CERT_SIGNATURE',
    'the signature of a certificate does not fit the trusted CA',
    'The CA was probably made again: issue the server certificate with the one that is trusted here',
  ],
  [
    'INVALID_PURPOSE',
    'CERT_PURPOSE',
    'the certificate is not for a server',
    'Issue the broker a certificate with the profile server',
  ],
  ['INVALID_CA', 'CERT_NOT_A_CA', 'an issuer in the chain is no CA', 'Issue the server certificate with a real CA'],
  [
    'PATH_LENGTH_EXCEEDED',
    'CERT_CONSTRAINT',
    'there are more CAs in the chain than allowed',
    'Issue with a CA that may have CAs below it',
  ],
  ['CERT_REVOKED', 'CERT_REVOKED', 'a certificate of the chain is revoked', 'Issue the server a new certificate'],
  [
    'CRL_HAS_EXPIRED',
    'CRL_EXPIRED',
    'the revocation list is past its next update',
    'Fetch the current revocation list from the CA',
  ],
  [
    'UNABLE_TO_GET_CRL',
    'CRL_ABSENT',
    'there is no revocation list of a CA of the chain',
    'Give the revocation list of every CA of the chain, or none at all',
  ],
  [
    'CRL_SIGNATURE_FAILURE',
    'CRL_MALFORMED',
    'the signature of the revocation list is wrong',
    'Fetch the revocation list again',
  ],
];

export const NODE_CODE_ROWS: DiagnosisRow[] = MEANINGS.map(([nodeCode, code, message, fix]) =>
  row({
    code,
    stage: 'chain',
    recognise: (e) =>
      e.chainProblem?.code === nodeCode ? { node: nodeCode, target: formatTarget(e.target) } : undefined,
    message: (f) => `${f.target}: ${message}`,
    fix: () => fix,
  }),
);
