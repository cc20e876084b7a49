import { randomBytes } from 'node:crypto';
import type { NodeAPI } from 'node-red';
import { SKETCH_LAYOUTS, zipLayoutsFor, type Renewed, type Revoked } from '../model/certificate-view';
import { codedError } from '../model/errors';
import { baseNameOf } from '../export/base-name';
import { selectCertificates } from '../export/certificate-selection';
import { planExport } from '../export/layouts';
import { warningsFile } from '../export/warnings-file';
import { zipFiles } from '../export/zip';
import { systemClock } from '../model/clock';
import { TLS_EXPORT_DEFAULTS } from '../model/config/tls-export';
import { isRevocationReason, REVOCATION_REASONS } from '../model/revocation-reason';
import { shownValue } from '../model/shown-value';
import { downloadAnswer, jsonAnswer, type Download } from './admin-answer';
import { guard, type Request } from './admin-guard';
import { requireConfirmation, type CertificateSidebar } from './certificate-sidebar';

const LONGEST_PASSPHRASE = 1_024;
/** RFC 1035 §2.3.4. */
const LONGEST_HOST_NAME = 255;
/** Whoever asks again within this time pressed twice, or a second person did. */
const SAME_RENEWAL_MS = 5_000;

/** What the sidebar does to a certificate; all of it takes the right to write. */
export function registerCertificateActions(RED: NodeAPI, sidebar: CertificateSidebar): void {
  const app = RED.httpAdmin;
  const base = '/secure-mqtt/certificates/:ca/:serial';
  const renewals = new Map<string, Promise<Renewed>>();

  app.post(
    `${base}/renew`,
    guard(RED, 'write'),
    jsonAnswer((req) => once(renewals, `${req.params.ca} ${req.params.serial}`, () => renew(RED, sidebar, req))),
  );

  app.post(
    `${base}/revoke`,
    guard(RED, 'write'),
    jsonAnswer((req) => revoke(RED, sidebar, req)),
  );

  // As every .zip it holds a private key: a POST is neither in the history of a browser nor prefetched.
  app.post(
    `${base}/zip`,
    guard(RED, 'write'),
    downloadAnswer((req) => zip(RED, sidebar, req)),
  );
}

/** One answer for all that ask for the same at about the same time: each renewal makes a certificate. */
function once<T>(known: Map<string, Promise<T>>, key: string, work: () => Promise<T>): Promise<T> {
  const found = known.get(key);
  if (found) return found;
  const answer = work();
  known.set(key, answer);
  const forget = (): void => void known.delete(key);
  answer.then(() => systemClock.setTimer(SAME_RENEWAL_MS, forget), forget);
  return answer;
}

async function renew(RED: NodeAPI, sidebar: CertificateSidebar, req: Request): Promise<Renewed> {
  const { authority, entry } = await find(sidebar, req);
  // A key that is not here is with its owner, who made the request: a new one here would be of no use to him.
  const renewed = await authority.renew({ by: 'serial', value: entry.serialNumber }, { rekey: entry.hasKey });
  note(RED, req, 'renew', { serialNumber: entry.serialNumber, renewedTo: renewed.serialNumber });
  sidebar.forget();
  const { serialNumber, certificate, warnings } = renewed;
  return { serialNumber, notAfter: certificate.notAfter.toISOString(), warnings };
}

/** @throws INPUT_REASON, INPUT_PAYLOAD (the name was not typed), CERT_STATUS, CERT_NOT_FOUND */
async function revoke(RED: NodeAPI, sidebar: CertificateSidebar, req: Request): Promise<Revoked> {
  const { reason, confirm } = bodyOf(req);
  if (!isRevocationReason(reason)) throw unknownReason(reason);
  const { authority, entry } = await find(sidebar, req);
  const { serialNumber } = entry;
  // Taking a hold back stops nothing.
  if (reason !== 'removeFromCRL')
    requireConfirmation(await sidebar.details(String(req.params.ca), serialNumber), confirm);
  const { revoked, crlNumber, nextUpdate, warnings } = await authority.revoke(
    { by: 'serial', value: serialNumber },
    { reason },
  );
  note(RED, req, 'revoke', { serialNumber, reason });
  sidebar.forget();
  const revokedAt = revoked[0]?.revokedAt ?? '';
  return { revokedAt, crlNumber, nextUpdate: nextUpdate.toISOString(), warnings };
}

/** @throws INPUT_LAYOUT (also without the broker of a sketch), INPUT_PASSPHRASE, KEY_ABSENT */
async function zip(RED: NodeAPI, sidebar: CertificateSidebar, req: Request): Promise<Download> {
  const { layout, passphrase, brokerHost } = bodyOf(req);
  const { authority, entry } = await find(sidebar, req);
  const chosen = zipLayoutsFor(entry.profile).find((one) => one === layout);
  if (!chosen) throw unknownLayout(layout, zipLayoutsFor(entry.profile));
  const host = SKETCH_LAYOUTS.includes(chosen) ? { brokerHost: readBrokerHost(brokerHost) } : {};
  const { certificates, warnings } = await selectCertificates(authority, [`serial:${entry.serialNumber}`]);
  const planned = await planExport(chosen, {
    authority,
    certificates,
    settings: { ...TLS_EXPORT_DEFAULTS, layout: chosen, ...host },
    secretPassphrase: readSecretPassphrase(passphrase),
    users: [],
    clock: systemClock,
    random: randomBytes,
  });
  note(RED, req, 'export', { serialNumber: entry.serialNumber, layout: chosen });
  const name = `${baseNameOf(entry.commonName || entry.serialNumber)}.zip`;
  const files = [...planned.files, ...warningsFile([...warnings, ...planned.warnings])];
  return { name, type: 'application/zip', content: zipFiles(files, new Date(systemClock.now())) };
}

function find(sidebar: CertificateSidebar, req: Request) {
  return sidebar.find(String(req.params.ca), String(req.params.serial));
}

/** JSON may be anything; a body that is no object has no fields. */
function bodyOf(req: Request): Record<string, unknown> {
  const body: unknown = req.body;
  return typeof body === 'object' && body !== null && !Array.isArray(body) ? (body as Record<string, unknown>) : {};
}

/** Who did it stands in Node-RED's audit log, which adds user and address; the CA's journal names the node. */
function note(RED: NodeAPI, req: Request, action: string, facts: object): void {
  RED.log.audit({ event: `secure-mqtt.certificate.${action}`, ca: req.params.ca, ...facts } as never, req);
}

/** Never repeated in an error. */
function readSecretPassphrase(given: unknown): string | undefined {
  if (given === undefined || given === null || given === '') return undefined;
  if (typeof given === 'string' && given.length <= LONGEST_PASSPHRASE) return given;
  throw codedError(
    'INPUT_PASSPHRASE',
    `the passphrase is no text of at most ${LONGEST_PASSPHRASE} characters`,
    { field: 'passphrase' },
    'Type a shorter passphrase',
  );
}

function unknownReason(reason: unknown) {
  const known = Object.keys(REVOCATION_REASONS);
  return codedError(
    'INPUT_REASON',
    `${shownValue(reason)} is not a reason for a revocation`,
    { field: 'reason', value: shownValue(reason), known },
    `Use one of ${known.join(', ')}`,
  );
}

/** Devices compare it with the broker's certificate: none is guessed. */
function readBrokerHost(given: unknown): string {
  const host = typeof given === 'string' ? given.trim() : '';
  if (host !== '' && host.length <= LONGEST_HOST_NAME) return host;
  throw codedError(
    'INPUT_LAYOUT',
    `the broker is ${shownValue(given)}, expected a host name`,
    { field: 'brokerHost', value: shownValue(given) },
    'Type the name of the broker as it stands in its certificate',
  );
}

function unknownLayout(layout: unknown, known: readonly string[]) {
  return codedError(
    'INPUT_LAYOUT',
    `the layout is ${shownValue(layout)}, expected one of ${known.join(', ')}`,
    { field: 'layout', value: shownValue(layout), known: [...known] },
    `Choose one of ${known.join(', ')}; a tls export node knows the others`,
  );
}
