import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { judge } from './openssl';
import type { SeededRandom } from './seeded-random';
import type { ListedCertificate } from './soak-ledger';
import { SITE_BROKER } from './soak-site-flow';

/** The newest certificates, at which a kill came closest. */
const MOST_JUDGED = 20;

/** What was told of a CA whose key is replaced: what a retired key has signed counts as revoked, and stands in no list. */
export class SiteLedger {
  readonly asked = new Set<string>([SITE_BROKER]);
  /** Serial numbers and names, in order. */
  readonly issued = new Map<string, string>();
  readonly askedToRevoke = new Set<string>();
  readonly revoked = new Set<string>();
  /** Signed by the key that goes next. */
  #old: string[] = [];
  /** Signed by a key whose retirement was asked for: it may be so or not. */
  readonly #retired = new Set<string>();

  constructor(readonly folder: string) {}

  tell(answer: readonly ListedCertificate[]): string[] {
    for (const { serialNumber, commonName } of answer) {
      assert.ok(!this.issued.has(serialNumber), `${serialNumber} was issued twice`);
      this.issued.set(serialNumber, commonName);
    }
    return answer.map(({ serialNumber }) => serialNumber);
  }

  switching(): void {
    this.#old = [...this.issued.keys()];
  }

  retiring(): void {
    for (const serialNumber of this.#old) this.#retired.add(serialNumber);
  }

  get newestValid(): string | undefined {
    return this.#valid.at(-1);
  }

  /** Of a key that counts. */
  get newestRevoked(): string | undefined {
    return [...this.revoked].filter((serialNumber) => !this.#retired.has(serialNumber)).at(-1);
  }

  anyValid(random: SeededRandom): string | undefined {
    const valid = this.#valid;
    return valid[random.below(valid.length)];
  }

  /** Devices that nobody asked to revoke, nor to retire the key of. */
  get #valid(): string[] {
    return [...this.issued]
      .filter(([serialNumber, name]) => name !== SITE_BROKER && this.#counts(serialNumber))
      .map(([serialNumber]) => serialNumber);
  }

  #counts(serialNumber: string): boolean {
    return !this.askedToRevoke.has(serialNumber) && !this.#retired.has(serialNumber);
  }

  /** Compare what a running Node-RED lists with what was told. */
  checkList(list: readonly ListedCertificate[], where: string): void {
    const byNumber = new Map(list.map((one) => [one.serialNumber, one]));
    assert.equal(byNumber.size, list.length, `${where}: a serial number twice`);
    for (const [serialNumber, commonName] of this.issued) {
      const found = byNumber.get(serialNumber);
      assert.equal(found?.commonName, commonName, `${where}: ${serialNumber} is not listed`);
      if (this.revoked.has(serialNumber)) assert.equal(found?.status, 'revoked', `${where}: ${serialNumber}`);
      else if (this.#counts(serialNumber)) assert.equal(found?.status, 'valid', `${where}: ${serialNumber}`);
    }
    for (const { serialNumber, commonName } of list) {
      assert.ok(this.asked.has(commonName), `${where}: nobody asked for ${commonName} (${serialNumber})`);
    }
  }

  /** Nobody has it open: openssl judges the files as they lie there. */
  checkFolder(secretPassphrases: readonly string[], where: string): void {
    const at = (...parts: string[]) => join(this.folder, ...parts);
    for (const serialNumber of this.issued.keys()) {
      assert.ok(existsSync(at('certs', `${serialNumber}.pem`)), `${where}: the certificate ${serialNumber} is gone`);
      assert.ok(existsSync(at('private', `${serialNumber}.key.pem`)), `${where}: the key ${serialNumber} is gone`);
    }
    const newest = [...this.issued.keys()].filter((one) => this.#counts(one)).slice(-MOST_JUDGED);
    for (const serialNumber of [...newest.slice(-3)]) {
      const key = readFileSync(at('private', `${serialNumber}.key.pem`), 'utf8');
      assert.ok(opener(key, secretPassphrases), `${where}: no passphrase opens the key of ${serialNumber}`);
    }
    this.passphraseOf(secretPassphrases, where);
    if (newest.length === 0) return;
    const trust = ['-CAfile', at('trust.pem'), '-CRLfile', at('crl.pem'), '-crl_check'];
    const paths = newest.map((serialNumber) => at('certs', `${serialNumber}.pem`));
    const { status, output } = judge('openssl', ['verify', '-x509_strict', ...trust, ...paths]);
    assert.equal(status, 0, `${where}: ${output}`);
    const { newestRevoked } = this;
    if (!newestRevoked) return;
    const refused = judge('openssl', ['verify', ...trust, at('certs', `${newestRevoked}.pem`)]);
    assert.match(refused.output, /certificate revoked/, `${where}: ${newestRevoked}`);
  }

  /** Under which of them the key of the CA lies there. */
  passphraseOf(secretPassphrases: readonly string[], where: string): string {
    const found = opener(readFileSync(join(this.folder, 'private', 'ca.key.pem'), 'utf8'), secretPassphrases);
    assert.ok(found, `${where}: no passphrase opens the key of the CA`);
    return found;
  }
}

function opener(key: string, secretPassphrases: readonly string[]): string | undefined {
  assert.match(key, /ENCRYPTED/);
  return secretPassphrases.find((passphrase) => {
    try {
      return createPrivateKey({ key, passphrase });
    } catch {
      return false;
    }
  });
}
