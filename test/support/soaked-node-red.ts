import assert from 'node:assert/strict';
import { join } from 'node:path';
import { freePort } from './free-port';
import { NodeRedProcess } from './node-red-process';
import type { SeededRandom } from './seeded-random';
import { SOAK_CA_FOLDER, SOAK_CLIENT, SOAK_CREDENTIALS, soakFlow } from './soak-flow';
import { SoakLedger, type ListedCertificate } from './soak-ledger';
import { askFlow, deploy } from './soak-request';
import { SoakedSite } from './soak-site';

/** Fixed, or the credentials of the run before could not be read. */
const SETTINGS = `credentialSecret: 'soak',`;
const LARGEST_BATCH = 24;
/** The longest that one works before it is killed; mostly it is killed earlier. What a site does takes longer. */
const LONGEST_WORK_MS = { usual: 3_000, site: 8_000 };
/** Of a start, until its flows run. */
const LONGEST_START_MS = 3_000;

/** What one kill met. */
export interface SoakRound {
  moment: string;
  issued: number;
  revoked: number;
}

/**
 * A Node-RED that issues, renews, revokes, exports and rotates its own connection, and is killed at a random moment, over
 * and over on one user directory. After each kill everything that was told must be found, by openssl as well.
 */
export class SoakedNodeRed {
  readonly ledger = new SoakLedger();
  readonly #folder: string;
  #names = 0;
  #site: SoakedSite | undefined;
  /** Ends whatever runs at the moment. */
  #kill: () => void = () => undefined;

  /** @param packageFolder what is soaked; this checkout, built before */
  constructor(
    private readonly userDir: string,
    private readonly random: SeededRandom,
    private readonly packageFolder?: string,
  ) {
    this.#folder = join(userDir, SOAK_CA_FOLDER);
    // Made by the nodes of the flow themselves.
    for (const name of [SOAK_CLIENT, 'localhost']) this.ledger.asked.add(name);
  }

  /**
   * The first start, with the credentials as the editor deploys them.
   *
   * @param site also a CA whose key and passphrase change, its Mosquitto, backups and imports
   */
  async prepare({ site }: { site: boolean }): Promise<void> {
    if (site) this.#site = await SoakedSite.create(this.userDir, this.random);
    const nodeRed = await this.#start([]);
    const credentials: Record<string, unknown> = { ...SOAK_CREDENTIALS, ...this.#site?.credentials };
    const nodes = (await this.#flow()).map((node) => {
      const ofNode = credentials[node.id as string];
      return ofNode ? { ...node, credentials: ofNode } : node;
    });
    await deploy(nodeRed, nodes);
    await nodeRed.stop();
    if (!this.#site) return;
    const second = await this.#start(await this.#flow());
    await this.#site.begin(second);
    await second.stop();
  }

  /** Start, check, work, kill at a random moment, check. */
  async round(number: number): Promise<SoakRound> {
    const before = { issued: this.ledger.issued.size, revoked: this.ledger.revoked.size };
    const moment =
      this.random.below(this.#site ? 4 : 6) === 0
        ? await this.#killWhileStarting(number)
        : await this.#killAtWork(number);
    this.ledger.checkFolder(this.#folder, `kill ${number} (${moment})`);
    this.ledger.checkExport(`kill ${number} (${moment})`);
    this.#site?.checkFolder(`kill ${number} (${moment})`);
    const { issued, revoked } = this.ledger;
    return { moment, issued: issued.size - before.issued, revoked: revoked.size - before.revoked };
  }

  /** After the last kill: once more up, and down as it should be. */
  async finish(): Promise<void> {
    const nodeRed = await this.#start(await this.#flow());
    await this.#check(nodeRed, 'the last start');
    await nodeRed.stop();
    this.#site?.checkFolder('the last stop');
    await this.#site?.stop();
    this.ledger.checkFolder(this.#folder, 'the last stop');
    this.ledger.checkNothingLeft(this.#folder, 'the last stop');
  }

  /** What happened beside what the ledger knows. */
  get story(): string {
    return this.#site?.story ?? '';
  }

  /** Nothing may go on after a test that failed. */
  async abandon(): Promise<void> {
    this.#kill();
    await this.#site?.stop();
  }

  async #flow(): Promise<Record<string, unknown>[]> {
    return [...soakFlow(await freePort()), ...((await this.#site?.nodes()) ?? [])];
  }

  #start(flows: Record<string, unknown>[], afterwards?: (kill: () => void) => void): Promise<NodeRedProcess> {
    const { userDir, packageFolder } = this;
    const spawned = (kill: () => void) => {
      this.#kill = kill;
      afterwards?.(kill);
    };
    return NodeRedProcess.start({
      userDir,
      flows,
      settings: SETTINGS,
      spawned,
      ...(packageFolder && { packageFolder }),
    });
  }

  async #killWhileStarting(number: number): Promise<string> {
    const afterMs = this.random.below(LONGEST_START_MS);
    let killed = false;
    const starting = this.#start(await this.#flow(), (kill) =>
      setTimeout(() => {
        killed = true;
        kill();
      }, afterMs),
    );
    // It may have been quicker: then it is killed with its CA just opening.
    const nodeRed = await starting.catch((error: unknown) => {
      assert.ok(killed, `kill ${number}: the start failed by itself: ${String(error)}`);
    });
    await nodeRed?.kill();
    return `${afterMs} ms into the start`;
  }

  async #killAtWork(number: number): Promise<string> {
    const nodeRed = await this.#start(await this.#flow());
    const before = `the start before kill ${number}`;
    await this.#check(nodeRed, before).catch((error: unknown) => {
      throw new Error(`${before}: ${String(error)}\n${nodeRed.log}`, { cause: error });
    });
    const afterMs = this.random.below(this.#site ? LONGEST_WORK_MS.site : LONGEST_WORK_MS.usual);
    let killed = false;
    const site = this.#site;
    const lanes = [this.#issuing, this.#changing, this.#changing, this.#exporting];
    if (site) lanes.push((running) => site.work(running));
    const work = lanes.map(async (run) => {
      try {
        while (!killed) await run.call(this, nodeRed);
      } catch (error) {
        // The connection breaks with the process; nothing else may fail.
        if (!killed || error instanceof assert.AssertionError) throw error;
      }
    });
    const killing = new Promise<void>((resolve) =>
      setTimeout(() => {
        killed = true;
        void nodeRed.kill().then(resolve);
      }, afterMs),
    );
    await Promise.all([killing, ...work]);
    return `${afterMs} ms into work`;
  }

  async #issuing(nodeRed: NodeRedProcess): Promise<void> {
    const items = Array.from({ length: 1 + this.random.below(LARGEST_BATCH) }, () => ({ commonName: this.#newName() }));
    this.#tellIssued(await askFlow(nodeRed, 'issue', items));
  }

  async #changing(nodeRed: NodeRedProcess): Promise<void> {
    const kind = this.random.below(4);
    if (kind === 0) this.#tellIssued(await askFlow(nodeRed, 'renew', `name:${SOAK_CLIENT}`));
    if (kind === 1) await this.#echo(nodeRed);
    const [serialNumber, commonName] = this.#anyValid();
    if (serialNumber === undefined) return this.#issuing(nodeRed);
    if (kind === 2) this.#tellIssued(await askFlow(nodeRed, 'renew', `name:${commonName}`));
    if (kind === 3) {
      this.ledger.askedToRevoke.add(serialNumber);
      const answer = await askFlow(nodeRed, 'revoke', `serial:${serialNumber}`);
      const { revoked, crlNumber } = answer as { revoked: string[]; crlNumber: string };
      for (const one of revoked) this.ledger.revoked.add(one);
      this.ledger.crlNumber = Math.max(this.ledger.crlNumber, Number(crlNumber));
    }
  }

  async #exporting(nodeRed: NodeRedProcess): Promise<void> {
    const [serialNumber] = this.#anyValid();
    if (serialNumber === undefined) return this.#echo(nodeRed);
    for (const path of (await askFlow(nodeRed, 'export', `serial:${serialNumber}`)) as string[]) {
      // The chain below a root is empty.
      if (!path.endsWith('.chain.pem')) this.ledger.exported.add(path);
    }
  }

  /** Through the connection and the embedded broker, with the certificates of both. */
  async #echo(nodeRed: NodeRedProcess): Promise<void> {
    const text = `echo ${this.random.below(1e9)}`;
    assert.deepEqual(await askFlow(nodeRed, 'echo', { text }), { text });
  }

  async #check(nodeRed: NodeRedProcess, where: string): Promise<void> {
    const listed = (await askFlow(nodeRed, 'inventory', { limit: 1_000_000 })) as ListedCertificate[];
    this.ledger.checkList(listed, where);
    await this.#echo(nodeRed);
    await this.#site?.check(nodeRed, where);
  }

  #tellIssued(answer: unknown): void {
    for (const { serialNumber, commonName } of answer as ListedCertificate[]) {
      assert.ok(!this.ledger.issued.has(serialNumber), `${serialNumber} was issued twice`);
      this.ledger.issued.set(serialNumber, commonName);
    }
  }

  #newName(): string {
    this.#names += 1;
    const name = `device-${this.#names}`;
    this.ledger.asked.add(name);
    return name;
  }

  /** One of the devices that nobody asked to revoke, or none. */
  #anyValid(): [string, string] | [undefined, undefined] {
    const { issued, askedToRevoke } = this.ledger;
    const valid = [...issued].filter(
      ([serialNumber, name]) => name !== SOAK_CLIENT && !askedToRevoke.has(serialNumber),
    );
    return valid[this.random.below(valid.length)] ?? [undefined, undefined];
  }
}
