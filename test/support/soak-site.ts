import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from './free-port';
import type { NodeRedProcess } from './node-red-process';
import { judge } from './openssl';
import type { SeededRandom } from './seeded-random';
import { IMPORT_PASSPHRASE, SoakImports } from './soak-imports';
import type { ListedCertificate } from './soak-ledger';
import { SoakMosquitto, type SoakClient } from './soak-mosquitto';
import { askAdmin, askFlow, deploy, downloadAdmin } from './soak-request';
import { SiteLedger } from './soak-site-ledger';
import {
  IMPORTED_CA,
  SITE_BROKER,
  SITE_BROKER_FOLDER,
  SITE_CA,
  SITE_CA_FOLDER,
  SITE_CA_NAME,
  soakSiteFlow,
} from './soak-site-flow';

const ADMIN = `authorities/${SITE_CA}`;
const LARGEST_BATCH = 6;

type Step = 'stable' | 'introduced' | 'switched';

/** Which steps may follow, and where they lead. */
const STEPS: Record<Step, readonly [string, Step][]> = {
  stable: [
    ['renew', 'stable'],
    ['introduce', 'introduced'],
    ['introduce', 'introduced'],
  ],
  introduced: [
    ['cancel', 'stable'],
    ['switch', 'switched'],
    ['switch', 'switched'],
  ],
  switched: [['retire', 'stable']],
};

/**
 * What happens to a CA and its broker over the years, in any order and one after the other: the key is replaced, the passphrase changed, backups
 * taken, devices revoked, the certificate of a real Mosquitto replaced; and a CA from elsewhere is imported. Killed at any moment, each is as
 * before or as after.
 */
export class SoakedSite {
  readonly #ledger: SiteLedger;
  readonly #mosquitto: SoakMosquitto;
  readonly #imports: SoakImports;
  /** Where the CA may stand: two while a step is under way. */
  #steps: Step[] = ['stable'];
  /** Under which the keys may be: two while it is changed. */
  #secretPassphrases = ['the first passphrase'];
  #count = 0;
  /** What was begun, and how often it was not done when Node-RED was killed. */
  readonly #tally = new Map<string, { begun: number; done: number }>();

  private constructor(
    userDir: string,
    private readonly port: number,
    private readonly random: SeededRandom,
  ) {
    this.#ledger = new SiteLedger(join(userDir, SITE_CA_FOLDER));
    this.#mosquitto = new SoakMosquitto(join(userDir, SITE_BROKER_FOLDER), port);
    this.#imports = new SoakImports(userDir);
  }

  static async create(userDir: string, random: SeededRandom): Promise<SoakedSite> {
    return new SoakedSite(userDir, await freePort(), random);
  }

  /** What a start of Node-RED gets. */
  async nodes(): Promise<Record<string, unknown>[]> {
    return soakSiteFlow(this.port, await this.#imports.next());
  }

  get credentials(): Record<string, object> {
    return {
      [SITE_CA]: { passphrase: this.#secretPassphrases.at(-1) },
      [IMPORTED_CA]: { passphrase: IMPORT_PASSPHRASE },
    };
  }

  /** The first certificates, the first export, and Mosquitto on it. */
  async begin(nodeRed: NodeRedProcess): Promise<void> {
    await this.#issue(nodeRed);
    const [server] = await this.#tellIssued(askFlow(nodeRed, 'site-serve', [{ commonName: SITE_BROKER }]));
    await askFlow(nodeRed, 'site-export', [`serial:${server}`]);
    await this.#mosquitto.start();
  }

  /** Right after a kill. */
  checkFolder(where: string): void {
    this.#ledger.checkFolder(this.#secretPassphrases, where);
  }

  /** After a start. */
  async check(nodeRed: NodeRedProcess, where: string): Promise<void> {
    this.#ledger.checkList((await askFlow(nodeRed, 'site-inventory', { limit: 1e6 })) as ListedCertificate[], where);
    const step = await this.#step(nodeRed);
    assert.ok(this.#steps.includes(step), `${where}: the CA is ${step}, not ${this.#steps.join(' or ')}`);
    this.#steps = [step];
    this.#secretPassphrases = [this.#ledger.passphraseOf(this.#secretPassphrases, where)];
    await this.#imports.check(nodeRed, where);
    await this.#mosquitto.checkFolder(where);
    if (this.random.below(4) === 0) await this.#mosquitto.start();
    await this.#connect(nodeRed, where);
  }

  /** Something of what happens over the years. */
  async work(nodeRed: NodeRedProcess): Promise<void> {
    const kinds = [this.#issue, this.#revoke, this.#turn, this.#turn, this.#replace, this.#change, this.#backUp];
    await kinds[this.random.below(kinds.length)]?.call(this, nodeRed);
  }

  /** What was done how often, and what of it a kill has met. */
  get story(): string {
    const lines = [...this.#tally].map(
      ([what, { begun, done }]) => `${done} ${what} (${begun - done} killed on the way)`,
    );
    return [...lines, `${this.#imports.count} imports`].join(', ');
  }

  stop(): Promise<void> {
    return this.#mosquitto.stop();
  }

  async #issue(nodeRed: NodeRedProcess): Promise<void> {
    const items = Array.from({ length: 1 + this.random.below(LARGEST_BATCH) }, () => ({
      commonName: `site-device-${++this.#count}`,
    }));
    for (const { commonName } of items) this.#ledger.asked.add(commonName);
    await this.#told('batches', () => this.#tellIssued(askFlow(nodeRed, 'site-issue', items)));
  }

  async #revoke(nodeRed: NodeRedProcess): Promise<void> {
    const serialNumber = this.#ledger.anyValid(this.random);
    if (serialNumber === undefined) return this.#issue(nodeRed);
    this.#ledger.askedToRevoke.add(serialNumber);
    const answer = await this.#told('revocations', () => askFlow(nodeRed, 'site-revoke', `serial:${serialNumber}`));
    const { revoked } = answer as { revoked: string[] };
    for (const one of revoked) this.#ledger.revoked.add(one);
  }

  /** The next step on the way to a new key. */
  async #turn(nodeRed: NodeRedProcess): Promise<void> {
    const from = this.#steps[0] as Step;
    const choices = STEPS[from];
    const [step, to] = choices[this.random.below(choices.length)] as [string, Step];
    // Mosquitto shows a certificate of the new key before the old one goes.
    if (step === 'retire') await this.#replace(nodeRed);
    this.#steps = [from, to];
    if (step === 'switch') this.#ledger.switching();
    if (step === 'retire') this.#ledger.retiring();
    const order = { step, ...(step === 'retire' && { name: SITE_CA_NAME }) };
    await this.#told(`ca-${step}`, () => askAdmin(nodeRed, `${ADMIN}/rollover`, order));
    this.#steps = [to];
  }

  async #replace(nodeRed: NodeRedProcess): Promise<void> {
    const [serialNumber] = await this.#tellIssued(askFlow(nodeRed, 'site-renew', `name:${SITE_BROKER}`));
    await this.#told('replacements', () => askFlow(nodeRed, 'site-export', [`serial:${serialNumber}`]));
    this.#mosquitto.checkNothingLeft('a replacement that succeeded');
  }

  #change(nodeRed: NodeRedProcess): Promise<void> {
    return this.#told('changed passphrases', () => this.#changePassphrase(nodeRed));
  }

  async #changePassphrase(nodeRed: NodeRedProcess): Promise<void> {
    const [old] = this.#secretPassphrases as [string];
    const fresh = `passphrase ${++this.#count}`;
    this.#secretPassphrases = [old, fresh];
    await askAdmin(nodeRed, `${ADMIN}/passphrase`, { old, new: fresh });
    const flows = (await (await fetch(`${nodeRed.url}flows`)).json()) as Record<string, unknown>[];
    await deploy(
      nodeRed,
      flows.map((node) => (node.id === SITE_CA ? { ...node, credentials: { passphrase: fresh } } : node)),
    );
    await this.#opened(nodeRed, [old, fresh]);
    this.#secretPassphrases = [fresh];
  }

  /** Nodes are made anew after the answer to a deploy, and what is sent to them meanwhile is lost: so the dialog's route is asked. */
  async #opened(nodeRed: NodeRedProcess, secretPassphrases: string[]): Promise<void> {
    for (;;) {
      const { ok } = await fetch(`${nodeRed.url}secure-mqtt/${ADMIN}/rollover`);
      if (ok && this.#ledger.passphraseOf(secretPassphrases, 'a deployed passphrase') === secretPassphrases[1]) return;
    }
  }

  /** openssl opens it, and everything that was told is in it. */
  async #backUp(nodeRed: NodeRedProcess): Promise<void> {
    const [passphrase] = this.#secretPassphrases as [string];
    const told = [...this.#ledger.issued.keys()];
    const backup = await this.#told('backups', () => downloadAdmin(nodeRed, `${ADMIN}/backup`, { passphrase }));
    const decrypt = ['cms', '-decrypt', '-binary', '-inform', 'DER', '-in', 'b', '-pwri_password', `'${passphrase}'`];
    const { status, output } = judge('sh', ['-c', `openssl ${decrypt.join(' ')} | tar tz`], { b: backup });
    assert.equal(status, 0, `a backup: ${output.slice(-500)}`);
    const names = new Set(output.split('\n'));
    for (const serialNumber of told) {
      assert.ok(names.has(`certs/${serialNumber}.pem`), `the backup lacks the certificate ${serialNumber}`);
      assert.ok(names.has(`private/${serialNumber}.key.pem`), `the backup lacks the key ${serialNumber}`);
    }
  }

  /** Whoever may come in comes in, and who was revoked does not. */
  async #connect(nodeRed: NodeRedProcess, where: string): Promise<void> {
    if (!this.#ledger.newestValid) await this.#issue(nodeRed);
    await this.#mosquitto.lets(this.#client(this.#ledger.newestValid as string), where);
    const { newestRevoked } = this.#ledger;
    if (newestRevoked) await this.#mosquitto.refuses(this.#client(newestRevoked), where);
  }

  #client(serialNumber: string): SoakClient {
    const { folder, issued } = this.#ledger;
    return {
      name: issued.get(serialNumber) ?? '',
      cert: readFileSync(join(folder, 'certs', `${serialNumber}.pem`), 'utf8'),
      key: readFileSync(join(folder, 'private', `${serialNumber}.key.pem`), 'utf8'),
      passphrase: this.#secretPassphrases[0] as string,
    };
  }

  async #told<T>(what: string, answer: () => Promise<T>): Promise<T> {
    const count = this.#tally.get(what) ?? { begun: 0, done: 0 };
    this.#tally.set(what, count);
    count.begun += 1;
    const result = await answer();
    count.done += 1;
    return result;
  }

  async #step(nodeRed: NodeRedProcess): Promise<Step> {
    return ((await askAdmin(nodeRed, `${ADMIN}/rollover`)) as { step: Step }).step;
  }

  async #tellIssued(answer: Promise<unknown>): Promise<string[]> {
    return this.#ledger.tell((await answer) as ListedCertificate[]);
  }
}
