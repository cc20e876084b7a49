/**
 * A certificate authority that lives in a folder: issue, renew, sign, revoke, list, and tell what is due.
 *
 * Everything a method returns is durable on the disk. An engine outside (ACME, EST, step-ca …) would offer the same
 * methods and events and be chosen by the `source` of the settings.
 */
import { EventEmitter } from 'node:events';
import type { KeyObject } from 'node:crypto';
import type { Selector } from '../model/selector';
import type { Warning } from '../model/errors';
import { normalizeSerialNumber } from '../model/serial-number';
import type { Certificate } from '../pki/certificate';
import type { CertificateRequest } from '../pki/certificate-request';
import type { InventoryRecord } from '../store/inventory';
import { changesSince, type AuthorityChanges, type AuthorityMark } from './authority-changes';
import type { AuthorityCore } from './authority-core';
import type { AuthorityEvent, AuthorityEventName } from './authority-event';
import type { AuthoritySettings } from './authority-options';
import { chainOf, refreshTrust, writeDerivedFiles } from './authority-generations';
import { AuthoritySchedule } from './authority-schedule';
import { sealedBackup } from './backup';
import { planBatch } from './batch-plan';
import { chooseRecord } from './certificate-choice';
import { issueCertificates } from './certificate-issuer';
import { ExpiryWatch } from './expiry-watch';
import { fittingCertificate, identityOf } from './fitting-certificate';
import { planIntermediate, type IntermediateRequest } from './intermediate-plan';
import { plainStatusAt, toInventoryEntry, type InventoryEntry, type PlainStatus } from './inventory-entry';
import { listInventory, listInventoryInTurns, type InventoryList, type InventoryQuery } from './inventory-query';
import { planIssue, type IssuePlan } from './issue-plan';
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
import { planRenewal } from './renewal-plan';
import { isWorthRenewing, renewalTimes } from './renewal-time';
import { planRequest } from './request-plan';
import { revokeAndList, type RevokeOptions, type RevokeRequest, type RevokeResult } from './revocation';
import { takeStep, type RolloverOptions, type RolloverStep } from './rollover';
import { hasOldKey, rolloverState, type RolloverState } from './rollover-state';
import type { CurrentRevocationList, RevocationListKeeper } from './revocation-list-keeper';

export type { AuthorityEvent, AuthorityEventName } from './authority-event';
export type { AuthoritySettings } from './authority-options';
export type { InventoryEntry } from './inventory-entry';
export type { InventoryList, InventoryQuery } from './inventory-query';
export type * from './issue-request';
export type { RevokedEntry, RevokeOptions, RevokeRequest, RevokeResult } from './revocation';
export type { CurrentRevocationList } from './revocation-list-keeper';

/** `ca-changed`: trust, chain or the issuing key are others now; whoever hands them out or shows a certificate looks anew. */
type Events = Record<AuthorityEventName, [AuthorityEvent]> & { 'ca-changed': [] };

/** Made by `acquireAuthority`. Events: see {@link AuthorityEventName}, each with an {@link AuthorityEvent}. */
export class CertificateAuthority extends EventEmitter<Events> {
  readonly #core: AuthorityCore;
  readonly #revocationList: RevocationListKeeper;
  readonly #schedule: AuthoritySchedule;
  /** Calls of {@link ensure} that are under way, by what they ask for. */
  readonly #ensuring = new Map<string, Promise<IssuedCertificate>>();

  /** @param core its `announce` must emit on this object; see authority-opening.ts */
  constructor(core: AuthorityCore, revocationList: RevocationListKeeper) {
    super();
    // Every watch node and connection listens; that is no leak.
    this.setMaxListeners(0);
    this.#core = core;
    this.#revocationList = revocationList;
    this.#schedule = new AuthoritySchedule(core.clock, new ExpiryWatch(core), revocationList);
    core.issuer?.on('ca-changed', this.#onIssuerChange);
  }

  get certificate(): Certificate {
    return this.#core.certificate;
  }

  /** Absolute real path. */
  get folder(): string {
    return this.#core.database.folder.path;
  }

  get fingerprint256(): string {
    return this.certificate.fingerprint256;
  }

  /** The private keys in the folder are encrypted with the passphrase. */
  get keysEncrypted(): boolean {
    return this.#core.secretPassphrase !== undefined;
  }

  /** A new passphrase is agreed on and waits for the deploy that brings it. */
  get passphrasePending(): boolean {
    return this.#core.passphrasePending;
  }

  /** What its owner should know of an imported or restored CA. */
  get findings(): readonly Warning[] {
    return this.#core.findings;
  }

  get settings(): AuthoritySettings {
    return this.#core.settings;
  }

  /** Take over the settings of a node that was changed; what is in the CA certificate stays. */
  configure(settings: AuthoritySettings): void {
    this.#core.settings = settings;
  }

  /** The intermediates a server appends to its certificate, this CA first; empty for a root. */
  get chain(): Certificate[] {
    return [...this.#core.chain];
  }

  /** All intermediates that certificates of this CA may need, those of {@link chain} first. */
  get chainPem(): string {
    const all = [
      ...this.#core.chain,
      ...this.#core.generations.flatMap(({ certificate }) => this.#chainBelow(certificate)),
    ];
    return [...new Set(all.map(({ pem }) => pem))].join('');
  }

  /** What a server appends to a certificate of one of our keys; during a replacement they differ. */
  chainFor(certificate: Certificate): Certificate[] {
    return [...chainOf(this.#core, certificate)];
  }

  /** True when a key of this CA that still counts has signed the certificate. */
  hasIssued(certificate: Certificate): boolean {
    return this.#core.generations.some((generation) => certificate.isSignedBy(generation.certificate));
  }

  /** True when this CA has, or had before it was renewed or replaced, the certificate with this fingerprint. */
  had(fingerprint256: string): boolean {
    const sought = fingerprint256.toUpperCase();
    return this.#core.ancestors.some((ancestor) => ancestor.fingerprint256 === sought);
  }

  /** Where the CA stands on the way to a new key. */
  get rollover(): RolloverState {
    return rolloverState(this.#core);
  }

  /** Renew the certificate of this CA, or take a step to a new key; see {@link takeStep} for the errors. */
  takeStep(step: RolloverStep, options?: RolloverOptions): Promise<RolloverState> {
    return takeStep(this.#core, this.#revocationList, step, options);
  }

  /** The roots that devices trust; two during a rollover. */
  get trustAnchors(): Certificate[] {
    return [...this.#core.trustAnchors];
  }

  get trustAnchorsPem(): string {
    return this.#core.trustAnchors.map(({ pem }) => pem).join('');
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

  /** Issue a certificate with the names of an older one; see {@link planRenewal} for the errors. */
  async renew(selector: Selector, options: RenewOptions = {}): Promise<IssuedCertificate> {
    return this.#issueOne(await planRenewal(this.#core, selector, options));
  }

  /** Certify the key of a certificate request; see {@link planRequest} for the errors. */
  async sign(request: CertificateRequest, options: SignOptions): Promise<IssuedCertificate> {
    return this.#issueOne(planRequest(this.#core, request, options));
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
    const { now, renewBefore } = this.#moment();
    const record = chooseRecord(this.#core.database.inventory, selector, now);
    return toInventoryEntry(record, now, renewBefore);
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
    const plan = planIssue(this.#core, request);
    const key = identityOf(plan, request);
    const running = this.#ensuring.get(key);
    if (running) return running;
    const result = this.#ensure(plan, request).finally(() => this.#ensuring.delete(key));
    this.#ensuring.set(key, result);
    return result;
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

  /** True when the passphrase is the one of this CA, or none is needed. */
  acceptsPassphrase(passphrase: string | undefined): boolean {
    return !this.keysEncrypted || this.#core.secretPassphrase === passphrase;
  }

  /** The CA above has another key: what we hand out follows at once, the files when it is our turn. */
  readonly #onIssuerChange = (): void => {
    refreshTrust(this.#core);
    this.tellChange();
    this.#core.commits.run(() => writeDerivedFiles(this.#core)).catch(() => undefined);
  };

  #chainBelow(authority: Certificate): Certificate[] {
    return authority.isSelfIssued ? [] : [authority];
  }

  async #issueOne(plan: IssuePlan): Promise<IssuedCertificate> {
    const [issued] = await issueCertificates(this.#core, [plan]);
    return issued as IssuedCertificate;
  }

  async #ensure(plan: IssuePlan, request: IssueRequest): Promise<IssuedCertificate> {
    const newest = fittingCertificate(this.#core, plan, request);
    if (newest && !this.#isToBeRenewed(newest, plan)) return this.load(newest.serialNumber);
    return this.#issueOne(newest ? { ...plan, renews: newest.serialNumber } : plan);
  }

  #isToBeRenewed(record: InventoryRecord, plan: IssuePlan): boolean {
    const { clock, database, settings } = this.#core;
    const now = clock.now();
    if (hasOldKey(this.#core, record)) return true;
    const { due } = renewalTimes(database.inventory, record, settings.renewBefore);
    return now >= due && isWorthRenewing(record, plan, now);
  }

  #moment() {
    return { now: this.#core.clock.now(), renewBefore: this.#core.settings.renewBefore };
  }

  #record(serialNumber: string) {
    const selector = { by: 'serial', value: normalizeSerialNumber(serialNumber) } as const;
    return chooseRecord(this.#core.database.inventory, selector, this.#core.clock.now());
  }
}
