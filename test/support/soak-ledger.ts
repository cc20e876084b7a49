import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { judge } from './openssl';
import { SOAK_CREDENTIALS } from './soak-flow';

/** What a list of the inventory says of one certificate. */
export interface ListedCertificate {
  serialNumber: string;
  commonName: string;
  status: string;
}

/** How many certificates openssl looks at after each kill: the newest, at which the kill came closest. */
const MOST_JUDGED = 30;

/** What somebody outside asked for and was told; told is told for ever. */
export class SoakLedger {
  readonly asked = new Set<string>();
  readonly issued = new Map<string, string>();
  readonly askedToRevoke = new Set<string>();
  readonly revoked = new Set<string>();
  readonly exported = new Set<string>();
  /** Highest that was ever told or seen. */
  crlNumber = 0;
  fingerprint: string | undefined;

  /** Compare the CA folder with what was told: while nobody has it open, right after a kill or a stop. */
  checkFolder(folder: string, where: string): void {
    const file = (...parts: string[]) => join(folder, ...parts);
    // The first kill may come before the CA is made: nobody was told of one.
    if (this.fingerprint === undefined && this.issued.size === 0 && !existsSync(file('index.txt'))) return;
    for (const serialNumber of this.issued.keys()) {
      assert.ok(existsSync(file('certs', `${serialNumber}.pem`)), `${where}: the certificate ${serialNumber} is gone`);
      assert.ok(existsSync(file('private', `${serialNumber}.key.pem`)), `${where}: the key ${serialNumber} is gone`);
    }
    const rows = new Map(indexRows(file('index.txt'), where));
    for (const serialNumber of this.issued.keys()) {
      const status = rows.get(serialNumber);
      assert.ok(status, `${where}: ${serialNumber} is not in the index`);
      if (this.revoked.has(serialNumber)) assert.equal(status, 'R', `${where}: ${serialNumber} is not revoked`);
      else if (!this.askedToRevoke.has(serialNumber)) assert.equal(status, 'V', `${where}: ${serialNumber}`);
    }
    this.#judge(folder, where);
  }

  /** Only where the CA was closed by itself: nothing unfinished may lie about. */
  checkNothingLeft(folder: string, where: string): void {
    const known = new Set(indexRows(join(folder, 'index.txt'), where).map(([serialNumber]) => serialNumber));
    for (const place of ['.', 'certs', 'private']) {
      for (const name of readdirSync(join(folder, place))) {
        assert.doesNotMatch(name, /\.(tmp|claim|new)$|^lock/, `${where}: ${place}/${name} is left over`);
        const serialNumber = /^([0-9A-F]{40})\./.exec(name)?.[1];
        if (serialNumber) assert.ok(known.has(serialNumber), `${where}: ${place}/${name} is not in the index`);
      }
    }
  }

  /** Compare what a running Node-RED lists with what was told. */
  checkList(list: readonly ListedCertificate[], where: string): void {
    const byNumber = new Map(list.map((one) => [one.serialNumber, one]));
    assert.equal(byNumber.size, list.length, `${where}: a serial number twice`);
    for (const [serialNumber, commonName] of this.issued) {
      const found = byNumber.get(serialNumber);
      assert.equal(found?.commonName, commonName, `${where}: ${serialNumber} is not listed`);
      if (this.revoked.has(serialNumber)) assert.equal(found?.status, 'revoked', `${where}: ${serialNumber}`);
      else if (!this.askedToRevoke.has(serialNumber)) assert.equal(found?.status, 'valid', `${where}: ${serialNumber}`);
    }
    for (const { serialNumber, commonName } of list) {
      assert.ok(this.asked.has(commonName), `${where}: nobody asked for ${commonName} (${serialNumber})`);
    }
  }

  #judge(folder: string, where: string): void {
    const file = (...parts: string[]) => join(folder, ...parts);
    const { passphrase } = SOAK_CREDENTIALS.soakca;
    const fingerprint = openssl(where, 'x509', '-in', file('ca.pem'), '-noout', '-fingerprint', '-sha256');
    this.fingerprint ??= fingerprint;
    assert.equal(fingerprint, this.fingerprint, `${where}: another CA`);

    const text = openssl(where, 'crl', '-in', file('crl.pem'), '-noout', '-text', '-CAfile', file('ca.pem'));
    assert.match(text, /verify OK/, where);
    const number = Number(/CRL Number:\s*(?:0x)?([0-9A-F]+)/i.exec(text)?.[1]);
    assert.ok(number >= this.crlNumber, `${where}: CRL number ${number} after ${this.crlNumber}`);
    this.crlNumber = number;
    for (const serialNumber of this.revoked)
      assert.ok(text.includes(serialNumber), `${where}: ${serialNumber} missing`);

    const newest = [...this.issued.keys()].slice(-MOST_JUDGED);
    const valid = newest.filter((serialNumber) => !this.askedToRevoke.has(serialNumber));
    if (valid.length === 0) return;
    const trust = ['-CAfile', file('trust.pem'), '-CRLfile', file('crl.pem'), '-crl_check'];
    openssl(where, 'verify', '-x509_strict', ...trust, ...valid.map((one) => file('certs', `${one}.pem`)));
    const last = valid.at(-1) as string;
    const key = file('private', `${last}.key.pem`);
    const ofKey = openssl(where, 'pkey', '-in', key, '-passin', `pass:${passphrase}`, '-pubout');
    const ofCertificate = openssl(where, 'x509', '-in', file('certs', `${last}.pem`), '-noout', '-pubkey');
    assert.equal(ofKey, ofCertificate, `${where}: key of ${last}`);
  }

  /** Every file of an export is whole, as openssl reads it. */
  checkExport(where: string): void {
    for (const path of [...this.exported].slice(-10)) {
      if (path.endsWith('.key.pem')) openssl(where, 'pkey', '-in', path, '-noout');
      else openssl(where, 'x509', '-in', path, '-noout');
    }
  }
}

/** Serial number and status of every whole line; a kill may leave the last one torn. */
function indexRows(path: string, where: string): [string, string][] {
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  const rows = lines.map((line) => line.split('\t')).map((cells): [string, string] => [cells[3] ?? '', cells[0] ?? '']);
  assert.equal(
    new Set(rows.map(([serialNumber]) => serialNumber)).size,
    rows.length,
    `${where}: a serial number twice`,
  );
  return rows;
}

function openssl(where: string, ...args: string[]): string {
  const { status, output } = judge('openssl', args);
  assert.equal(status, 0, `${where}: openssl ${args.join(' ').slice(0, 300)}: ${output}`);
  return output;
}
