import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { CHECKOUT } from './runtimes';

const STORES = join(CHECKOUT, 'test', 'fixtures', 'Stores.java');

/** The command lines of `test/fixtures/Stores.java`. */
type Command =
  | ['list', keyStore: string, trustStore: string]
  | ['connect', keyStore: string, trustStore: string, host: string, port: string]
  | ['serve', keyStore: string, trustStore: string];

function start(command: Command, secretPassphrase: string): ChildProcess {
  const escaped = secretPassphrase.replace(
    /[^ -~]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return spawn('java', ['-XX:TieredStopAtLevel=1', STORES, ...command], {
    env: { ...process.env, STORE_PASSPHRASE: escaped },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Let a Java program work with our stores. While it runs, servers of this process answer it. */
export async function runStores(
  command: Command,
  secretPassphrase: string,
): Promise<{ status: number; output: string }> {
  const child = start(command, secretPassphrase);
  const chunks: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => chunks.push(chunk));
  const [status] = (await once(child, 'close')) as [number | null];
  return { status: status ?? -1, output: Buffer.concat(chunks).toString() };
}

/** A TLS server in Java with our stores. @returns its port, and how to end it */
export async function serveStores(keyStore: string, trustStore: string, secretPassphrase: string) {
  const child = start(['serve', keyStore, trustStore], secretPassphrase);
  const close = async () => {
    if (child.exitCode !== null) return;
    child.kill();
    await once(child, 'close');
  };
  const said: string[] = [];
  child.stderr?.on('data', (chunk: Buffer) => said.push(chunk.toString()));
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
    const port = /^port (\d+)$/.exec(line)?.[1];
    if (port !== undefined) return { port: Number(port), close };
  }
  throw new Error(`the Java server did not start: ${said.join('')}`);
}
