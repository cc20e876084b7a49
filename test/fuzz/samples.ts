import { randomBytes, type KeyObject } from 'node:crypto';
import { sealMessage } from '../../src/encoding/sealed-message';
import { writeTar } from '../../src/encoding/tar';
import { der } from '../../src/encoding/der-writer';
import { OID } from '../../src/encoding/pkcs12-identifiers';
import { parseSubjectAltName } from '../../src/model/subject-alt-name';
import { createCertificateRequest } from '../../src/pki/certificate-request';
import { generatePrivateKey } from '../../src/pki/key-generation';
import { secretPrivateKeyDer, secretPrivateKeyPem } from '../../src/pki/private-key';
import { createRevocationList } from '../../src/pki/revocation-list';
import { inDays, makeIntermediate, makeLeaf, makeRoot } from '../support/certificates';
import { handmade, rsaKey } from '../support/certificates-fixture';
import { PASSPHRASE, RawPkcs12, toBer } from '../support/raw-pkcs12';

/** Valid objects of every kind, to be changed. Keys are new in every process: none is checked in. */
export interface Samples {
  certificates: Buffer[];
  requests: Buffer[];
  /** The key that the requests are signed with. */
  requestKey: KeyObject;
  lists: Buffer[];
  /** DER of PKCS#8, PKCS#1 and SEC 1, and encrypted PKCS#8. */
  keys: Buffer[];
  keyPems: string[];
  pkcs12: Buffer[];
  sealed: Buffer[];
  archives: Buffer[];
  pems: string[];
}

export { PASSPHRASE };

const NAMES = [
  'dns:broker.home.arpa',
  'dns:*.home.arpa',
  'ip:192.168.1.2',
  'ip:2001:db8::1',
  'uri:urn:dev:1',
  'email:a@b.example',
];

export async function makeSamples(): Promise<Samples> {
  const root = await makeRoot();
  const intermediate = await makeIntermediate(root);
  const leaf = await makeLeaf(intermediate, { profile: 'device', commonName: 'dev01', names: [] });
  const constraints = {
    permitted: [{ type: 'dns', value: 'home.arpa' } as const],
    excluded: [{ type: 'ip', value: '10.0.0.0/8' } as const],
  };
  const certificates = [
    root,
    intermediate,
    leaf,
    await makeLeaf(intermediate, { names: NAMES }),
    handmade({
      key: rsaKey(2048),
      names: NAMES,
      ca: true,
      pathLength: 1,
      nameConstraints: constraints,
      keyUsage: ['keyCertSign'],
    }),
  ];
  const requestKey = await generatePrivateKey('ec-p256');
  const subjectAltNames = NAMES.map((name) => parseSubjectAltName(name, { allowWildcard: true }));
  const subject = { commonName: 'dev01', organization: 'Test', country: 'GB' };
  const revoked = [1, 2, 3].map((number) => ({
    serialNumber: `0${number}`,
    revokedAt: inDays(-number),
    reason: number === 1 ? ('unspecified' as const) : ('keyCompromise' as const),
  }));
  const list = { issuer: root, number: 7, thisUpdate: inDays(-1), nextUpdate: inDays(30) };
  const lists = [
    await createRevocationList({ ...list, revoked }),
    await createRevocationList({ ...list, revoked: [] }),
  ];
  const requests = [
    await createCertificateRequest({ subject, subjectAltNames, privateKey: requestKey }),
    await createCertificateRequest({ subject, subjectAltNames: [], privateKey: requestKey }),
  ];
  const [ec, rsa] = [leaf.privateKey, rsaKey(2048)];
  const encrypted = { format: 'pem', cipher: 'aes-256-cbc', passphrase: PASSPHRASE } as const;
  const keyPems = [
    secretPrivateKeyPem(ec),
    ec.export({ type: 'sec1', format: 'pem' }) as string,
    rsa.export({ type: 'pkcs1', format: 'pem' }) as string,
    ec.export({ type: 'pkcs8', ...encrypted }) as string,
    ec.export({ type: 'sec1', ...encrypted }) as string,
  ];
  const keys = [
    secretPrivateKeyDer(ec),
    secretPrivateKeyDer(rsa),
    ec.export({ type: 'sec1', format: 'der' }),
    rsa.export({ type: 'pkcs1', format: 'der' }),
    ec.export({ type: 'pkcs8', ...encrypted, format: 'der' }),
  ];
  const raw = new RawPkcs12();
  const plainBag = raw.bag(OID.keyBag, secretPrivateKeyDer(ec));
  const nested = raw.bag(
    OID.safeContentsBag,
    der.sequence(plainBag, raw.certificateBag(leaf, { friendlyName: 'dev01' })),
  );
  const pkcs12 = [
    await raw.file(await raw.usual(leaf, [intermediate, root])),
    await raw.file(await raw.usual(leaf, [intermediate], true), 'sha1'),
    await raw.file(await raw.usual(leaf), 'none'),
    await raw.file(der.sequence(raw.data(nested, raw.certificateBag(root))), 'none'),
  ];
  return {
    certificates: certificates.map(({ certificate }) => certificate.der),
    requests: requests.map((one) => one.der),
    requestKey,
    lists: lists.map((one) => one.der),
    keys,
    keyPems,
    pkcs12: [...pkcs12, ...pkcs12.map(toBer)],
    sealed: [await sealMessage(randomBytes(100), PASSPHRASE, { rounds: 1000 })],
    archives: [
      writeTar(
        [
          { name: 'ca/ca.crt.pem', mode: 0o644, content: randomBytes(700) },
          { name: 'journal.jsonl', mode: 0o600, content: Buffer.alloc(0) },
        ],
        new Date(0),
      ),
    ],
    pems: [
      ...certificates.slice(0, 3).map(({ certificate }) => certificate.pem),
      ...lists.map((one) => one.pem),
      ...requests.map((one) => one.pem),
      ...keyPems,
      root.certificate.pem + intermediate.certificate.pem,
    ],
  };
}
