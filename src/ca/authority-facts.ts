import { EventEmitter } from 'node:events';
import type { Warning } from '../model/errors';
import { normalizeSerialNumber } from '../model/serial-number';
import type { Certificate } from '../pki/certificate';
import type { AuthorityCore } from './authority-core';
import type { AuthorityEvent, AuthorityEventName } from './authority-event';
import { chainOf } from './authority-generations';
import type { AuthoritySettings } from './authority-options';
import { lastingFindings } from './lasting-findings';
import { hasOldKey, rolloverState, type RolloverState } from './rollover-state';

/** `ca-changed`: trust, chain or the issuing key are others now; whoever hands them out or shows a certificate looks anew. */
type Events = Record<AuthorityEventName, [AuthorityEvent]> & { 'ca-changed': [] };

/** What a CA is, and whom to trust because of it: all that can be told without asking the disk. */
export abstract class AuthorityFacts extends EventEmitter<Events> {
  // Truly private, here and in the class above it: what prints the object must not print the keys.
  readonly #core: AuthorityCore;

  constructor(core: AuthorityCore) {
    super();
    // Every watch node and connection listens; that is no leak.
    this.setMaxListeners(0);
    this.#core = core;
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
    return lastingFindings(this.#core);
  }

  get settings(): AuthoritySettings {
    return this.#core.settings;
  }

  /** True when the passphrase is the one of this CA, or none is needed. */
  acceptsPassphrase(passphrase: string | undefined): boolean {
    return !this.keysEncrypted || this.#core.secretPassphrase === passphrase;
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

  /** As {@link rollover}, with what is in use: serial numbers of certificates that somebody is known to show. */
  rolloverFor(inUse: ReadonlySet<string>): RolloverState {
    return rolloverState(this.#core, inUse);
  }

  /** True when a key of this CA has signed the certificate that issues no more. */
  hasOldKey(serialNumber: string): boolean {
    const record = this.#core.database.inventory.get(normalizeSerialNumber(serialNumber));
    return record !== undefined && hasOldKey(this.#core, record);
  }

  /** The roots that devices trust; two during a rollover. */
  get trustAnchors(): Certificate[] {
    return [...this.#core.trustAnchors];
  }

  get trustAnchorsPem(): string {
    return this.#core.trustAnchors.map(({ pem }) => pem).join('');
  }

  #chainBelow(authority: Certificate): Certificate[] {
    return authority.isSelfIssued ? [] : [authority];
  }
}
