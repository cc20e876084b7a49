import type { NodeAPI } from 'node-red';
import { systemClock } from '../model/clock';
import type { IssuedCertificate } from '../ca/certificate-authority';
import { baseNameOf } from '../export/base-name';
import { codedError } from '../model/errors';
import { shownValue } from '../model/shown-value';
import { downloadAnswer, jsonAnswer, type Download } from './admin-answer';
import { registerCertificateActions } from './admin-certificate-actions';
import { guard, type Request } from './admin-guard';
import { authorityOf } from './authority-node';
import { authoritiesOverview } from './authority-overview';
import { readCertificateQuery } from './certificate-query';
import { CertificateSidebar } from './certificate-sidebar';

/** The public files of a certificate. */
const FORMATS: Record<string, (issued: IssuedCertificate, name: string) => Download> = {
  pem: ({ certificate }, name) => pem(`${name}.crt.pem`, certificate.pem),
  der: ({ certificate }, name) => ({ name: `${name}.der`, type: 'application/pkix-cert', content: certificate.der }),
  chain: ({ certificate, chain }, name) =>
    pem(`${name}.fullchain.pem`, [certificate, ...chain].map((one) => one.pem).join('')),
};

/** The revocation list in force (RFC 5280; media type of RFC 2585 §4.2). */
const CRL_FORMATS: Record<string, (list: { pem: string; der: Buffer }, name: string) => Download> = {
  pem: ({ pem: text }, name) => pem(`${name}.crl.pem`, text),
  der: ({ der }, name) => ({ name: `${name}.crl`, type: 'application/pkix-crl', content: der }),
};

/**
 * Routes of the certificates sidebar, below `/secure-mqtt/certificates/`. `<ca>` is the id of a tls-ca node.
 *
 * @returns ends the listening that keeps the lists up to date
 */
export function registerCertificateRoutes(RED: NodeAPI): () => void {
  const app = RED.httpAdmin;
  const base = '/secure-mqtt/certificates';
  const sidebar = new CertificateSidebar(RED, systemClock);

  app.get(
    base,
    guard(RED, 'read'),
    jsonAnswer(async (req) => sidebar.list(readCertificateQuery(req.query))),
  );

  app.get(
    `${base}/authorities`,
    guard(RED, 'read'),
    jsonAnswer(async () => ({ authorities: await authoritiesOverview(RED, systemClock.now()) })),
  );

  app.get(
    `${base}/timeline`,
    guard(RED, 'read'),
    jsonAnswer(async (req) => ({ bars: await sidebar.timeline(readCertificateQuery(req.query)) })),
  );

  app.get(
    `${base}/:ca/crl/:format`,
    guard(RED, 'read'),
    downloadAnswer(async (req) => {
      const make = formatOf(CRL_FORMATS, req);
      const authority = await authorityOf(RED, caOf(req));
      return make(await authority.crl(), baseNameOf(authority.certificate.subject.commonName ?? 'ca'));
    }),
  );

  app.get(
    `${base}/:ca/:serial`,
    guard(RED, 'read'),
    jsonAnswer((req) => sidebar.details(caOf(req), serialOf(req))),
  );

  app.get(
    `${base}/:ca/:serial/:format`,
    guard(RED, 'read'),
    downloadAnswer(async (req) => {
      const make = formatOf(FORMATS, req);
      const { authority, entry } = await sidebar.find(caOf(req), serialOf(req));
      return make(await authority.load(entry.serialNumber), baseNameOf(entry.commonName || entry.serialNumber));
    }),
  );

  registerCertificateActions(RED, sidebar);
  return () => sidebar.close();
}

export function caOf(req: Request): string {
  return String(req.params.ca);
}

export function serialOf(req: Request): string {
  return String(req.params.serial);
}

function pem(name: string, content: string): Download {
  return { name, type: 'application/x-pem-file', content };
}

function formatOf<Make>(formats: Record<string, Make>, req: Request): Make {
  const format = String(req.params.format);
  const make = Object.hasOwn(formats, format) ? formats[format] : undefined;
  if (make) return make;
  const known = Object.keys(formats).join(', ');
  throw codedError(
    'INPUT_LAYOUT',
    `the format is ${shownValue(format)}, expected one of ${known}`,
    { format: shownValue(format) },
    `Ask for one of ${known}`,
  );
}
