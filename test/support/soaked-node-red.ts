import assert from 'node:assert/strict';
import { join } from 'node:path';
import { freePort } from './free-port';
import { NodeRedProcess } from './node-red-process';
import type { SeededRandom } from './seeded-random';
import { SOAK_CA_FOLDER, SOAK_CLIENT, SOAK_CREDENTIALS, soakFlow } from './soak-flow';
import { SoakLedger, type ListedCertificate } from './soak-ledger';

/** Fixed, or the credentials of the run before could not be read. */
const SETTINGS = `credentialSecret: 'soak',`;
/** Longer than any answer takes on a busy machine; a Node-RED that answers no more is a failure. */
const ANSWER_LIMIT_MS = 90_000;
const LARGEST_BATCH = 24;
/** The longest that one works before it is killed; mostly it is killed earlier. */
const LONGEST_WORK_MS = 3_000;
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

  /** The first start, with the credentials as the editor deploys them. */
  async prepare(): Promise<void> {
    const nodeRed = await this.#start([]);
    const nodes = soakFlow(await freePort()).map((node) => {
      const credentials = (SOAK_CREDENTIALS as Record<string, unknown>)[node.id as string];
      return credentials ? { ...node, credentials } : node;
    });
    const headers = { 'Content-Type': 'application/json', 'Node-RED-API-Version': 'v1' };
    const deployed = await fetch(`${nodeRed.url}flows`, { method: 'POST', headers, body: JSON.stringify(nodes) });
    assert.equal(deployed.status, 204, await deployed.text());
    await nodeRed.stop();
  }

  /** Start, check, work, kill at a random moment, check. */
  async round(number: number): Promise<SoakRound> {
    const before = { issued: this.ledger.issued.size, revoked: this.ledger.revoked.size };
    const moment = this.random.below(6) === 0 ? await this.#killWhileStarting(number) : await this.#killAtWork(number);
    this.ledger.checkFolder(this.#folder, `kill ${number} (${moment})`);
    this.ledger.checkExport(`kill ${number} (${moment})`);
    const { issued, revoked } = this.ledger;
    return { moment, issued: issued.size - before.issued, revoked: revoked.size - before.revoked };
  }

  /** After the last kill: once more up, and down as it should be. */
  async finish(): Promise<void> {
    const nodeRed = await this.#start(soakFlow(await freePort()));
    await this.#check(nodeRed, 'the last start');
    await nodeRed.stop();
    this.ledger.checkFolder(this.#folder, 'the last stop');
    this.ledger.checkNothingLeft(this.#folder, 'the last stop');
  }

  /** Nothing may go on after a test that failed. */
  abandon(): void {
    this.#kill();
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
    const starting = this.#start(soakFlow(await freePort()), (kill) =>
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
    const nodeRed = await this.#start(soakFlow(await freePort()));
    const before = `the start before kill ${number}`;
    await this.#check(nodeRed, before).catch((error: unknown) => {
      throw new Error(`${before}: ${String(error)}\n${nodeRed.log}`, { cause: error });
    });
    const afterMs = this.random.below(LONGEST_WORK_MS);
    let killed = false;
    const work = [this.#issuing, this.#changing, this.#changing, this.#exporting].map(async (run) => {
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
    this.#tellIssued(await ask(nodeRed, 'issue', items));
  }

  async #changing(nodeRed: NodeRedProcess): Promise<void> {
    const kind = this.random.below(4);
    if (kind === 0) this.#tellIssued(await ask(nodeRed, 'renew', `name:${SOAK_CLIENT}`));
    if (kind === 1) await this.#echo(nodeRed);
    const [serialNumber, commonName] = this.#anyValid();
    if (serialNumber === undefined) return this.#issuing(nodeRed);
    if (kind === 2) this.#tellIssued(await ask(nodeRed, 'renew', `name:${commonName}`));
    if (kind === 3) {
      this.ledger.askedToRevoke.add(serialNumber);
      const answer = await ask(nodeRed, 'revoke', `serial:${serialNumber}`);
      const { revoked, crlNumber } = answer as { revoked: string[]; crlNumber: string };
      for (const one of revoked) this.ledger.revoked.add(one);
      this.ledger.crlNumber = Math.max(this.ledger.crlNumber, Number(crlNumber));
    }
  }

  async #exporting(nodeRed: NodeRedProcess): Promise<void> {
    const [serialNumber] = this.#anyValid();
    if (serialNumber === undefined) return this.#echo(nodeRed);
    for (const path of (await ask(nodeRed, 'export', `serial:${serialNumber}`)) as string[]) {
      // The chain below a root is empty.
      if (!path.endsWith('.chain.pem')) this.ledger.exported.add(path);
    }
  }

  /** Through the connection and the embedded broker, with the certificates of both. */
  async #echo(nodeRed: NodeRedProcess): Promise<void> {
    const text = `echo ${this.random.below(1e9)}`;
    assert.deepEqual(await ask(nodeRed, 'echo', { text }), { text });
  }

  async #check(nodeRed: NodeRedProcess, where: string): Promise<void> {
    const listed = (await ask(nodeRed, 'inventory', { limit: 1_000_000 })) as ListedCertificate[];
    this.ledger.checkList(listed, where);
    await this.#echo(nodeRed);
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

async function ask(nodeRed: NodeRedProcess, what: string, payload: unknown): Promise<unknown> {
  const response = await fetch(`${nodeRed.url}soak/${what}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(typeof payload === 'string' ? [payload] : payload),
    signal: AbortSignal.timeout(ANSWER_LIMIT_MS),
  });
  const text = await response.text();
  assert.equal(response.status, 200, `${what}: ${text}`);
  return text.startsWith('[') || text.startsWith('{') ? JSON.parse(text) : text;
}
