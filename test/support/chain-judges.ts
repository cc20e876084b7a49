import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import { promisify } from 'node:util';
import { encodePem } from '../../src/encoding/pem';
import type { ChainCase } from './chain-cases/chain-case';

const run = promisify(execFile);
const PARALLEL = 4;

/** What a judge of other people says: undefined when it accepts, else its reason. */
export type Judgement = string | undefined;

export const pemOf = (ders: readonly Buffer[]): string => ders.map((bytes) => encodePem('CERTIFICATE', bytes)).join('');

/** `openssl verify -x509_strict`, one process for each case. */
export async function judgeByOpenssl(cases: readonly ChainCase[]): Promise<Judgement[]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'secure-mqtt-chains-'));
  const judgements: Judgement[] = new Array<Judgement>(cases.length);
  let next = 0;
  const work = async () => {
    for (let index = next++; index < cases.length; index = next++) {
      judgements[index] = await opensslVerify(folder, index, cases[index] as ChainCase);
    }
  };
  try {
    await Promise.all(Array.from({ length: PARALLEL }, work));
    return judgements;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function opensslVerify(folder: string, index: number, item: ChainCase): Promise<Judgement> {
  const file = (what: string, ders: readonly Buffer[]) => {
    const name = `${index}-${what}.pem`;
    writeFileSync(path.join(folder, name), pemOf(ders));
    return name;
  };
  const name = isIP(item.peer) ? '-verify_ip' : '-verify_hostname';
  const args = ['verify', '-x509_strict', '-auth_level', '2', '-purpose', 'sslserver', name, item.peer];
  const untrusted = item.sent.length > 0 ? ['-untrusted', file('sent', item.sent)] : [];
  try {
    await run(
      'openssl',
      [...args, '-CAfile', file('anchors', item.anchors), ...untrusted, file('leaf', [item.leaf.der])],
      {
        cwd: folder,
        env: { ...process.env, LC_ALL: 'C' },
      },
    );
    return undefined;
  } catch (error) {
    const { code, stderr = '' } = error as { code?: unknown; stderr?: string };
    if (code === 'ENOENT') throw new Error('openssl is missing: sudo apt-get install openssl', { cause: error });
    return stderr.match(/error \d+ at .*/)?.[0] ?? (stderr.trim() || 'refused');
  }
}

/** All cases in one process: one JSON line in, one out. */
const PYCA = `
import base64, datetime, ipaddress, json, sys
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store
def load(text): return x509.load_der_x509_certificate(base64.b64decode(text))
for line in sys.stdin:
    case = json.loads(line)
    try:
        anchors = [load(text) for text in case["anchors"]]
        try: name = x509.IPAddress(ipaddress.ip_address(case["peer"]))
        except ValueError: name = x509.DNSName(case["peer"])
        verifier = PolicyBuilder().store(Store(anchors)).build_server_verifier(name)
        verifier.verify(load(case["leaf"]), [load(text) for text in case["sent"]])
        print("null")
    except Exception as error:
        print(json.dumps(str(error)[:200] or type(error).__name__))
`;

/** Python's cryptography, whose path validation is written anew in Rust, without OpenSSL. */
export async function judgeByPyca(cases: readonly ChainCase[]): Promise<Judgement[]> {
  const base64 = (bytes: Buffer) => bytes.toString('base64');
  const input = cases.map(({ leaf, sent, anchors, peer }) =>
    JSON.stringify({ leaf: base64(leaf.der), sent: sent.map(base64), anchors: anchors.map(base64), peer }),
  );
  const running = run('python3', ['-W', 'ignore', '-c', PYCA], { maxBuffer: 64 << 20 });
  running.child.stdin?.end(`${input.join('\n')}\n`);
  const { stdout } = await running;
  return stdout
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as string | null) ?? undefined);
}

/** What a program in Node-RED gets that calls `tls.connect` and nothing else. */
export function judgeByNode(port: number, { anchors, peer }: ChainCase): Promise<Judgement> {
  return new Promise((resolve) => {
    const socket = tls.connect({
      host: '127.0.0.1',
      port,
      ca: pemOf(anchors),
      ...(isIP(peer) ? {} : { servername: peer }),
      checkServerIdentity: (_host, certificate) => tls.checkServerIdentity(peer, certificate),
    });
    socket.once('secureConnect', () => resolve(undefined));
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    socket.once('close', () => resolve('closed'));
    socket.once('secureConnect', () => socket.destroy());
  });
}
