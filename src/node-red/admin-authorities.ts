import type { NodeAPI } from 'node-red';
import type { CertificateAuthority } from '../ca/certificate-authority';
import { issuersOf } from '../ca/certificate-compatibility';
import { cHeader } from '../encoding/c-header';
import { daysRemaining } from '../model/duration';
import { codedError, type Warning } from '../model/errors';
import { shownValue } from '../model/shown-value';
import { slug } from '../model/slug';
import { traitsOf } from '../pki/certificate-traits';
import { downloadAnswer, jsonAnswer, type Download } from './admin-answer';
import { guard, type Request } from './admin-guard';
import { authorityNode, authorityOf } from './authority-node';
import { issuedServers } from './issued-servers';

/** Names that a list of suggestions shows at most. */
const MOST_NAMES = 200;

/** What the dialogs show of a living CA. */
export interface AuthorityView {
  /** RFC 4514. */
  subject: string;
  /** RFC 4514. */
  issuer: string;
  fingerprint256: string;
  /** ISO 8601. */
  notBefore: string;
  /** ISO 8601. */
  notAfter: string;
  daysRemaining: number;
  keyType: string;
  keysEncrypted: boolean;
  /** Certificates issued so far, revoked and expired ones too. */
  issued: number;
  /** Absolute path. */
  folder: string;
  /** A new passphrase is agreed on and was not deployed yet. */
  passphrasePending: boolean;
  /** What its owner should know of an imported or restored CA. */
  findings: readonly Pick<Warning, 'code' | 'message' | 'hint'>[];
}

/** The formats in which devices want a root certificate; every one is public. */
const ROOT_FORMATS: Record<string, (authority: CertificateAuthority, name: string) => Download> = {
  pem: ({ trustAnchorsPem }, name) => ({
    name: `${name}.pem`,
    type: 'application/x-pem-file',
    content: trustAnchorsPem,
  }),
  der: (authority, name) => ({ name: `${name}.der`, type: 'application/pkix-cert', content: rootOf(authority).der }),
  h: (authority, name) => ({
    name: `${name}.der.h`,
    type: 'text/x-c; charset=utf-8',
    content: cHeader(`${name}.der`, rootOf(authority).der),
  }),
};

/** Routes below `/secure-mqtt/authorities/`; `id` is that of a deployed tls-ca node. */
export function registerAuthorityRoutes(RED: NodeAPI): void {
  const app = RED.httpAdmin;
  const base = '/secure-mqtt/authorities/:id';

  app.get(
    base,
    guard(RED, 'read'),
    jsonAnswer(async (req) => viewOf(await authorityOf(RED, idOf(req)))),
  );

  app.get(
    `${base}/names`,
    guard(RED, 'read'),
    jsonAnswer(async (req) => namesOf(await authorityOf(RED, idOf(req)))),
  );

  app.get(
    `${base}/issuing`,
    guard(RED, 'read'),
    jsonAnswer(async (req) => issuingOf(await authorityOf(RED, idOf(req)))),
  );

  app.get(
    `${base}/servers/:host`,
    guard(RED, 'read'),
    jsonAnswer(async (req) => issuedServers(await authorityOf(RED, idOf(req)), String(req.params.host).slice(0, 255))),
  );

  app.get(
    `${base}/root/:format`,
    guard(RED, 'read'),
    downloadAnswer(async (req) => {
      const authority = await authorityOf(RED, idOf(req));
      return rootFormat(String(req.params.format))(authority, slug(rootOf(authority).subject.commonName ?? 'root-ca'));
    }),
  );

  app.post(
    `${base}/forget`,
    guard(RED, 'write'),
    jsonAnswer((req) => forget(RED, req)),
  );
}

function idOf(req: Request): string {
  return String(req.params.id);
}

function rootOf(authority: CertificateAuthority): CertificateAuthority['certificate'] {
  return authority.trustAnchors[0] ?? authority.certificate;
}

function rootFormat(format: string): (authority: CertificateAuthority, name: string) => Download {
  const make = Object.hasOwn(ROOT_FORMATS, format) ? ROOT_FORMATS[format] : undefined;
  if (make) return make;
  const known = Object.keys(ROOT_FORMATS);
  throw codedError(
    'INPUT_LAYOUT',
    `the format is ${shownValue(format)}, expected one of ${known.join(', ')}`,
    { format: shownValue(format) },
    `Ask for one of ${known.join(', ')}`,
  );
}

function viewOf(authority: CertificateAuthority): AuthorityView {
  const { certificate, fingerprint256, keysEncrypted, folder } = authority;
  return {
    subject: certificate.subjectText,
    issuer: certificate.issuerText,
    fingerprint256,
    notBefore: certificate.notBefore.toISOString(),
    notAfter: certificate.notAfter.toISOString(),
    daysRemaining: daysRemaining(certificate.notAfter, Date.now()),
    keyType: certificate.keyDescription,
    keysEncrypted,
    issued: authority.list({ limit: 0 }).total,
    folder,
    passphrasePending: authority.passphrasePending,
    findings: authority.findings.map(({ code, message, hint }) => ({ code, message, hint })),
  };
}

/** What the CA fills in when it issues, and what decides who can use its certificates. */
function issuingOf(authority: CertificateAuthority) {
  const { keyType, leafValidityDays, deviceValidityDays } = authority.settings;
  return { keyType, leafValidityDays, deviceValidityDays, issuers: issuersOf(authority).map(traitsOf) };
}

/** Common names of valid certificates, the last issued first, each once. */
function namesOf(authority: CertificateAuthority): { total: number; names: string[] } {
  const names = [...new Set(authority.list({ status: 'valid' }).items.map(({ commonName }) => commonName))].reverse();
  return { total: names.length, names: names.slice(0, MOST_NAMES) };
}

/**
 * Let go of a lost CA, so that a new one is made in its folder. Whoever asks must type the name of the node.
 *
 * @throws INPUT_CONFIG no such node · INPUT_PAYLOAD another name
 */
async function forget(RED: NodeAPI, req: Request): Promise<AuthorityView> {
  const node = authorityNode(RED, idOf(req));
  const expected = (node.name ?? '').trim() || node.id;
  const { name } = (req.body ?? {}) as { name?: unknown };
  if (typeof name !== 'string' || name.trim() !== expected) {
    throw codedError(
      'INPUT_PAYLOAD',
      `the name is ${shownValue(name)}, expected ${shownValue(expected)}`,
      { field: 'name', value: shownValue(name) },
      'Type the name of the CA node exactly as it is written',
    );
  }
  await node.forget();
  return viewOf(await node.authority());
}
