import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { der } from '../../src/encoding/der-writer';
import type { KeyType } from '../../src/model/key-type';
import { parseNameConstraints } from '../../src/model/name-constraints';
import { Certificate } from '../../src/pki/certificate';
import { inDays, makeIntermediate, makeLeaf, makeRoot, type KeyedCertificate } from './certificates';
import { chainCase, rootCa, server, threeStoried, type Changes, type ChainCase } from './chain-cases/chain-case';
import { rawDns, rawExtensions, rawName, SERVER_AUTH } from './raw-certificate';

/** A broker with its certificate, and how a client connects to it. */
export interface CompatibilityCase {
  name: string;
  leaf: Certificate;
  key: KeyObject;
  /** What the broker sends behind its certificate. */
  sent: readonly Certificate[];
  anchors: readonly Certificate[];
  /** Host name or address the client connects to. */
  peer: string;
  /** Not for this peer: a judge that accepts it is none. */
  isWrong?: true;
}

const HOST = 'mosquitto.home.arpa';
const ADDRESS = '127.0.0.1';
const NAMES = [`dns:${HOST}`];
type LeafOptions = Parameters<typeof makeLeaf>[1];

/** Certificates as this package makes them. */
async function ours(
  name: string,
  how: { ca?: Parameters<typeof makeRoot>[0]; leaf?: LeafOptions; peer?: string; below?: boolean } = {},
): Promise<CompatibilityCase> {
  const { ca, leaf = {}, peer = HOST, below = false } = how;
  const root = await makeRoot({ commonName: `Root of ${name}`.slice(0, 64), ...ca });
  const issuer = below ? await makeIntermediate(root, { ...(ca?.keyType && { keyType: ca.keyType }) }) : root;
  const made = await makeLeaf(issuer, { commonName: 'mosquitto', names: NAMES, ...leaf });
  return caseOf(name, made, below ? [issuer.certificate] : [], [root.certificate], peer);
}

function caseOf(
  name: string,
  { certificate, privateKey }: KeyedCertificate,
  sent: readonly Certificate[],
  anchors: readonly Certificate[],
  peer: string,
): CompatibilityCase {
  return { name, leaf: certificate, key: privateKey, sent, anchors, peer };
}

const keyed = (keyType: KeyType): Promise<CompatibilityCase> =>
  ours(`${keyType}, CA and server`, { ca: { keyType }, leaf: { keyType } });

const YEARS_40 = inDays(40 * 365);

/** What the CA of this package can be asked for. */
const ORDINARY: (() => Promise<CompatibilityCase>)[] = [
  ...(['ec-p256', 'ec-p384', 'rsa-2048'] as const).map((keyType) => () => keyed(keyType)),
  () => ours('RSA CA, EC server', { ca: { keyType: 'rsa-2048' }, leaf: { keyType: 'ec-p256' } }),
  () => ours('EC CA, RSA server', { ca: { keyType: 'ec-p256' }, leaf: { keyType: 'rsa-2048' } }),
  () => ours('P-384 CA (SHA-384), P-256 server', { ca: { keyType: 'ec-p384' }, leaf: { keyType: 'ec-p256' } }),
  () => ours('an intermediate CA between', { below: true }),
  () => ours('an intermediate CA between, RSA', { below: true, ca: { keyType: 'rsa-2048' } }),
  () => ours('server and client in one', { leaf: { profile: 'server-client' } }),
  () => ours('address only, connecting to it', { leaf: { names: [`ip:${ADDRESS}`] }, peer: ADDRESS }),
  () => ours('name and address, connecting by name', { leaf: { names: [...NAMES, `ip:${ADDRESS}`] } }),
  () =>
    ours('name and address, connecting by address', { leaf: { names: [...NAMES, `ip:${ADDRESS}`] }, peer: ADDRESS }),
  () =>
    ours('"devices connect by IP address", connecting by address', {
      leaf: { names: [...NAMES, `ip:${ADDRESS}`], ipAsDns: true },
      peer: ADDRESS,
    }),
  () =>
    ours('"devices connect by IP address", connecting by name', {
      leaf: { names: [...NAMES, `ip:${ADDRESS}`], ipAsDns: true },
    }),
  () => ours('wildcard *.home.arpa', { leaf: { names: ['dns:*.home.arpa'] } }),
  () =>
    ours('wildcard *.home.example.com', { leaf: { names: ['dns:*.home.example.com'] }, peer: 'a.home.example.com' }),
  () => ours('wildcard *.example.com', { leaf: { names: ['dns:*.example.com'] }, peer: 'a.example.com' }),
  () =>
    ours('wildcard *.local, connecting to a name below', { leaf: { names: ['dns:*.local'] }, peer: 'mosquitto.local' }),
  () =>
    ours('wildcard *.local and a name, connecting to the name', { leaf: { names: ['dns:*.local', `dns:${HOST}`] } }),
  () => ours('international name', { leaf: { names: ['dns:xn--bcher-kva.example'] }, peer: 'xn--bcher-kva.example' }),
  () =>
    ours('40 names', {
      leaf: { names: [...Array.from({ length: 39 }, (_, index) => `dns:host-${index}.home.arpa`), ...NAMES] },
    }),
  () => ours('no common name', { leaf: { subject: { organization: 'Test' } } }),
  () => ours('valid for 825 days', { leaf: { notBefore: inDays(-1), notAfter: inDays(824) } }),
  () => ours('valid for 10 years', { leaf: { notAfter: inDays(3650) } }),
  () => ours('until after 2038', { ca: { notAfter: inDays(20 * 365) }, leaf: { notAfter: inDays(20 * 365 - 1) } }),
  () => ours('CA until after 2050', { ca: { notAfter: YEARS_40 } }),
  () => ours('CA and server until after 2050', { ca: { notAfter: YEARS_40 }, leaf: { notAfter: YEARS_40 } }),
  () =>
    ours('name constraints on the root', { ca: { nameConstraints: parseNameConstraints('permitted:dns:home.arpa') } }),
  () => ours('root of path length 0, no CA below', { ca: { pathLength: 0 } }),
];

/** Keys that take seconds to make. */
const LARGE: (() => Promise<CompatibilityCase>)[] = [
  () => ours('RSA 4096 CA, RSA 3072 server', { ca: { keyType: 'rsa-4096' }, leaf: { keyType: 'rsa-3072' } }),
  () => ours('EC CA, RSA 4096 server', { leaf: { keyType: 'rsa-4096' } }),
];

const edwards = () => generateKeyPairSync('ed25519').privateKey;
const rsa = (modulusLength = 2048) => generateKeyPairSync('rsa', { modulusLength }).privateKey;
const NAMED: Changes['with'] = { names: rawExtensions.subjectAltName([rawDns(HOST)]) };

/** A server named as those of {@link ours}, with something unusual. */
const leafWith = (changes: Changes): Changes => ({ ...changes, with: { ...NAMED, ...changes.with } });

/** What other tools make, and what this package is not asked for by anybody. */
const FOREIGN: (() => ChainCase)[] = [
  () => direct('Ed25519, CA and server', { root: { key: edwards() }, leaf: { key: edwards() } }),
  () => direct('Ed25519 server below an EC CA', { leaf: { key: edwards() } }),
  () =>
    direct('critical extendedKeyUsage', {
      leaf: { with: { purposes: rawExtensions.extendedKeyUsage([SERVER_AUTH], true) } },
    }),
  () => direct('no extendedKeyUsage', { leaf: { with: { purposes: undefined } } }),
  () => direct('no keyUsage', { leaf: { with: { usage: undefined } } }),
  () => direct('no authorityKeyIdentifier', { leaf: { with: { issuerId: undefined } } }),
  () => direct('no names, common name only', { leaf: { subject: rawName(HOST), with: { names: undefined } } }),
  () => direct('version 1, no extensions', { leaf: { subject: rawName(HOST), version: 1, extensions: [] } }),
  () => direct('root without subjectKeyIdentifier', { root: { with: { keyId: undefined } } }),
  () =>
    direct('root with basicConstraints not critical', {
      root: { with: { constraints: rawExtensions.caConstraints(false) } },
    }),
  () => direct('root without keyUsage', { root: { with: { usage: undefined } } }),
  () => direct('RSA server without keyEncipherment', { leaf: { key: rsa() } }),
  () =>
    direct('RSA server with keyEncipherment', {
      leaf: { key: rsa(), with: { usage: rawExtensions.keyUsage([0, 2]) } },
    }),
  () =>
    direct('RSA server with keyAgreement', {
      leaf: { key: rsa(), with: { usage: rawExtensions.keyUsage([0, 2, 4]) } },
    }),
  () => direct('serial number 1', { leaf: { serial: Buffer.from([1]) } }),
  () => direct('serial number of 20 octets', { leaf: { serial: Buffer.alloc(20, 0x7f) } }),
  () =>
    story('root of path length 0 above a CA', {
      root: { with: { constraints: rawExtensions.caConstraints(true, 0) } },
    }),
  () => story('name constraints on the CA between', { ca: { with: { limits: constraints(true) } } }),
  () => story('name constraints on the CA between, not critical', { ca: { with: { limits: constraints(false) } } }),
  () => direct('name constraints on the root, not critical', { root: { with: { limits: constraints(false) } } }),
];

/** What is refused more and more, from one version of a stack to the next. */
const AGING: (() => ChainCase)[] = [
  () => direct('RSA 1024 server', { leaf: { key: rsa(1024), with: { usage: rawExtensions.keyUsage([0, 2]) } } }),
  () => direct('SHA-1 signature', { leaf: { sha1: true } }),
];

type Members = { root?: Changes; ca?: Changes; leaf?: Changes };

function direct(name: string, { root: changed, leaf = {} }: Members): ChainCase {
  const root = rootCa(`Root of ${name}`, changed);
  return chainCase(name, [server(root, leafWith(leaf)), root], HOST);
}

function story(name: string, members: Members): ChainCase {
  const { leaf = {}, ...others } = members;
  return { ...threeStoried(name, { ...others, leaf: leafWith(leaf) }), peer: HOST };
}

/** Permits what ends in home.arpa. */
function constraints(critical: boolean): Buffer {
  const permitted = der.implicit(0, der.sequence(rawDns('home.arpa')), true);
  return der.sequence(
    der.oid('2.5.29.30'),
    ...(critical ? [der.boolean(true)] : []),
    der.octetString(der.sequence(permitted)),
  );
}

function read({ name, leaf, sent, anchors, peer }: ChainCase): CompatibilityCase {
  const all = (ders: readonly Buffer[]) => ders.map((bytes) => Certificate.fromDer(bytes));
  return { name, leaf: Certificate.fromDer(leaf.der), key: leaf.key, sent: all(sent), anchors: all(anchors), peer };
}

/**
 * The situations that every judge is asked about.
 *
 * @param options.all also those that take long to make, and those that depend on the age of a stack
 */
export async function compatibilityCases(options: { all: boolean }): Promise<CompatibilityCase[]> {
  const ordinary = await Promise.all([...ORDINARY, ...(options.all ? LARGE : [])].map((make) => make()));
  const wrong = { ...(await ours('a server of another name', { peer: 'other.home.arpa' })), isWrong: true as const };
  return [wrong, ...ordinary, ...[...FOREIGN, ...(options.all ? AGING : [])].map((make) => read(make()))];
}
