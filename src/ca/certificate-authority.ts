/**
 * A certificate authority that lives in a folder: issue, renew, sign, revoke, list, and tell what is due.
 *
 * Everything a method returns is durable on the disk. An engine outside (ACME, EST, step-ca …) would offer the same
 * methods and events and be chosen by the `source` of the settings.
 */
import type { KeyObject } from 'node:crypto';
import type { Selector } from '../model/selector';
import { normalizeSerialNumber } from '../model/serial-number';
import type { CertificateRequest } from '../pki/certificate-request';
import { changesSince, type AuthorityChanges, type AuthorityMark } from './authority-changes';
import type { AuthorityCore } from './authority-core';
import type { AuthorityEventName } from './authority-event';
import { AuthorityFacts } from './authority-facts';
import type { AuthoritySettings } from './authority-options';
import { refreshTrust, writeDerivedFiles } from './authority-generations';
import { AuthoritySchedule } from './authority-schedule';
import { sealedBackup } from './backup';
import { planBatch } from './batch-plan';
import { chooseRecord } from './certificate-choice';
import { issueCertificates } from './certificate-issuer';
import { EnsuredCertificates } from './ensured-certificates';
import { ExpiryWatch } from './expiry-watch';
import { planIntermediate, type IntermediateRequest } from './intermediate-plan';
import { plainStatusAt, toInventoryEntry } from './inventory-entry';
import type { InventoryEntry, InventoryMoment, PlainStatus } from './inventory-entry';
import { listInventory, listInventoryInTurns, type InventoryList, type InventoryQuery } from './inventory-query';
import type { IssuePlan } from './issue-plan';
import type {
  CertificateOrder,
  IssuedCertificate,
  IssueOptions,
  IssueRequest,
  RenewOptions,
  SignOptions,
} from './issue-request';
import { loadIssued, loadSecretKey } from './issued-certificate';
import { takeOutlook, type Outlook } from './outlook';
import { changePassphrase, type PassphraseOutcome } from './passphrase-change';
import { Replacements } from './replacement';
import { revokeAndList, type RevokeOptions, type RevokeRequest, type RevokeResult } from './revocation';
import { takeStep, type RolloverOptions, type RolloverStep } from './rollover';
import type { RolloverState } from './rollover-state';
import type { CurrentRevocationList, RevocationListKeeper } from './revocation-list-keeper';

export type { AuthorityEvent, AuthorityEventName } from './authority-event';
export type { AuthoritySettings } from './authority-options';
export type { InventoryEntry } from './inventory-entry';
export type { InventoryList, InventoryQuery } from './inventory-query';
export type * from './issue-request';
export type { RevokedEntry, RevokeOptions, RevokeRequest, RevokeResult } from './revocation';
export type { CurrentRevocationList } from './revocation-list-keeper';

/** Made by `acquireAuthority`. Events: see {@link AuthorityEventName}, each with an {@link AuthorityEvent}. */
export class CertificateAuthority extends AuthorityFacts {
  readonly #core: AuthorityCore;
  readonly #revocationList: RevocationListKeeper;
  readonly #schedule: AuthoritySchedule;
  readonly #ensured: EnsuredCertificates;

  /** @param core its `announce` must emit on this object; see authority-reading.ts */
  constructor(core: AuthorityCore, revocationList: RevocationListKeeper) {
    super(core);
    this.#core = core;
    this.#revocationList = revocationList;
    this.#schedule = new AuthoritySchedule(core.clock, new ExpiryWatch(core), revocationList);
    this.#ensured = new EnsuredCertificates(core, (plan) => this.#issueOne(plan));
    core.issuer?.on('ca-changed', this.#onIssuerChange);
  }

  /** Take over the settings of a node that was changed; what is in the CA certificate stays. */
  configure(settings: AuthoritySettings): void {
    this.#core.settings = settings;
  }

  /** Renew the certificate of this CA, or take a step to a new key; see {@link takeStep} for the errors. */
  takeStep(step: RolloverStep, options?: RolloverOptions): Promise<RolloverState> {
    return takeStep(this.#core, this.#revocationList, step, options);
  }

  /**
   * Issue certificates. Every request is checked before anything is written; the result is in the order of the
   * requests and durable.
   *
   * @throws INPUT_TOO_MANY; INPUT_…, CERT_CONSTRAINT with `cause.index` of the first bad request; CA_EXPIRED;
   *   CA_LOCKED, STORE_… with `cause.issued` (serial numbers that are durable nevertheless)
   */
  issue(requests: readonly IssueRequest[], options?: IssueOptions): Promise<IssuedCertificate[]> {
    return this.fulfil(
      requests.map((request) => ({ action: 'issue', request })),
      options,
    );
  }

  /** Issue, renew and sign in one batch; see {@link planBatch} for the errors. */
  async fulfil(orders: readonly CertificateOrder[], options?: IssueOptions): Promise<IssuedCertificate[]> {
    return issueCertificates(this.#core, await planBatch(this.#core, orders), options);
  }

  /** Issue a certificate with the names of an older one; see {@link planBatch} for the errors. */
  async renew(selector: Selector, options: RenewOptions = {}): Promise<IssuedCertificate> {
    return first(await this.fulfil([{ action: 'renew', selector, options }]));
  }

  /** Certify the key of a certificate request; see {@link planBatch} for the errors. */
  async sign(request: CertificateRequest, options: SignOptions): Promise<IssuedCertificate> {
    return first(await this.fulfil([{ action: 'sign', request, options }]));
  }

  /** Certify another CA below this one; used when that one is created. */
  async issueIntermediate(request: IntermediateRequest): Promise<IssuedCertificate> {
    return this.#issueOne(planIntermediate(this.#core, request));
  }

  /** Revoke one certificate, or all of a name; see {@link revokeAll}. */
  revoke(selector: Selector, options: RevokeOptions = {}): Promise<RevokeResult> {
    return this.revokeAll([{ selector, ...options }]);
  }

  /** Revoke, all or none, and make one new CRL; see {@link revokeAndList} for the errors. */
  revokeAll(requests: readonly RevokeRequest[]): Promise<RevokeResult> {
    return revokeAndList(this.#core, this.#revocationList, requests);
  }

  /** @throws INPUT_QUERY */
  list(query?: InventoryQuery): InventoryList {
    return listInventory(this.#core.database.inventory.all(), query, this.#moment());
  }

  /** As {@link list}, leaving turns of the event loop to others; for lists of any length. @throws INPUT_QUERY */
  async listInTurns(query?: InventoryQuery): Promise<InventoryList> {
    return listInventoryInTurns(this.#core.database.inventory.all(), query, this.#moment());
  }

  /** By serial number whatever its status, by name the newest valid one. @throws CERT_NOT_FOUND */
  find(selector: Selector): InventoryEntry {
    const moment = this.#moment();
    return toInventoryEntry(chooseRecord(this.#core.database.inventory, selector, moment.now), moment);
  }

  /** The certificate, and its private key where the folder holds it. @throws CERT_NOT_FOUND, STORE_…, KEY_MALFORMED */
  async load(serialNumber: string): Promise<IssuedCertificate> {
    return loadIssued(this.#core, this.#record(serialNumber));
  }

  /** @throws CERT_NOT_FOUND, KEY_ABSENT */
  async secretPrivateKey(serialNumber: string): Promise<KeyObject> {
    return loadSecretKey(this.#core, this.#record(serialNumber));
  }

  /** The key of the CA itself, for the one export that contains it. */
  async secretAuthorityKey(): Promise<KeyObject> {
    return this.#core.secretKey;
  }

  /**
   * The newest valid certificate that fits the request and whose key is here, if it is not due for renewal; else a new
   * one. Calls for the same at the same time share one certificate.
   *
   * @throws CERT_REVOKED when that certificate is on hold; as {@link issue}
   */
  ensure(request: IssueRequest): Promise<IssuedCertificate> {
    return this.#ensured.get(request);
  }

  /** What happened since a mark, for listeners that come late; see {@link changesSince}. */
  changesSince(mark?: AuthorityMark): AuthorityChanges {
    return changesSince(this.#core, this.#revocationList, mark);
  }

  /** What has been reached and what comes next of `wanted`; see {@link takeOutlook}. */
  outlook(wanted: ReadonlySet<AuthorityEventName>): Promise<Outlook> {
    return takeOutlook(this.#core, this.#revocationList, wanted);
  }

  /** The CRL in force. */
  crl(): Promise<CurrentRevocationList> {
    return this.#revocationList.current();
  }

  /** A CRL that is good until the CA ends, for brokers that nobody reloads. */
  staticCrl(): Promise<CurrentRevocationList> {
    return this.#revocationList.untilEndOfAuthority();
  }

  /** `unknown`: no certificate of this CA. Works for every serial number, also of a certificate shown by a peer. */
  statusOf(serialNumber: string): PlainStatus {
    return plainStatusAt(this.#core.database.inventory.get(serialNumber.toUpperCase()), this.#core.clock.now());
  }

  /** Begin to look at the clock: CRL, expiry. The first look comes after the caller had time to listen. */
  start(): void {
    this.#schedule.start();
  }

  /** Let what is being written finish; everything later is refused with CA_NOT_READY. */
  async close(): Promise<void> {
    this.#schedule.stop();
    this.#core.issuer?.off('ca-changed', this.#onIssuerChange);
    await this.#core.commits.close();
  }

  /** Called by whoever has changed the keys. */
  tellChange(): void {
    try {
      this.emit('ca-changed');
    } catch (error) {
      // A listener's fault must not make a durable change look failed.
      process.emitWarning(error instanceof Error ? error : String(error));
    }
  }

  /** Agree on another passphrase, or remove it; see {@link changePassphrase} for the errors. */
  changePassphrase(secretOld: string, secretNew: string): Promise<PassphraseOutcome> {
    return changePassphrase(this.#core, secretOld, secretNew);
  }

  /** The whole CA as one sealed file; see {@link sealedBackup} for the errors. */
  sealedBackup(secretPassphrase: string): Promise<Buffer> {
    return sealedBackup(this.#core, secretPassphrase);
  }

  /** The CA above has another key: what we hand out follows at once, the files when it is our turn. */
  readonly #onIssuerChange = (): void => {
    refreshTrust(this.#core);
    this.tellChange();
    this.#core.commits.run(() => writeDerivedFiles(this.#core)).catch(() => undefined);
  };

  async #issueOne(plan: IssuePlan): Promise<IssuedCertificate> {
    return first(await issueCertificates(this.#core, [plan]));
  }

  #moment(): InventoryMoment {
    const { clock, settings, database, kept } = this.#core;
    const now = clock.now();
    const replacements = new Replacements(database.inventory, now, kept);
    return { now, renewBefore: settings.renewBefore, replacements, inventory: database.inventory };
  }

  #record(serialNumber: string) {
    const selector = { by: 'serial', value: normalizeSerialNumber(serialNumber) } as const;
    return chooseRecord(this.#core.database.inventory, selector, this.#core.clock.now());
  }
}

const first = ([issued]: readonly IssuedCertificate[]) => issued as IssuedCertificate;
