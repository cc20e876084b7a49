import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { judgedEntries, judgedEntry, type JudgedEntry } from '../../../src/ca/certificate-compatibility';
import { acquireAuthority } from '../../../src/ca/authority-registry';
import type { CertificateAuthority } from '../../../src/ca/certificate-authority';
import { toResult } from '../../../src/ca/certificate-result';
import { toInventoryEntry } from '../../../src/ca/inventory-entry';
import { stackLabel, verdictGroups } from '../../../src/editor/compatibility-groups';
import { outlineOfDraft, type IssueDraft } from '../../../src/editor/issue-draft';
import { deviceWarningsOf, LAYOUT_STACKS } from '../../../src/export/device-warnings';
import { traitsOfOutline } from '../../../src/model/certificate-traits';
import { parseThreshold } from '../../../src/model/duration';
import { DEVICE_RULES, judgeTraits } from '../../../src/model/device-rules';
import { DEVICE_STACKS } from '../../../src/model/device-stacks';
import { KEY_TYPES } from '../../../src/model/key-type';
import { parseNameConstraints } from '../../../src/model/name-constraints';
import { LEAF_PROFILES } from '../../../src/model/profile-name';
import { parseSubjectAltName } from '../../../src/model/subject-alt-name';
import { inventoryCsv } from '../../../src/node-red/inventory-csv';
import { Certificate } from '../../../src/pki/certificate';
import { traitsOf } from '../../../src/pki/certificate-traits';
import { toInventoryRecord } from '../../../src/store/certificate-record';
import { formatJournalRow, readCertificateDetails } from '../../../src/store/journal-row';
import { makeIntermediate, makeLeaf, makeRoot, type KeyedCertificate } from '../../support/certificates';
import { CLIENT_AUTH, rawCertificate, rawExtensions, rawName } from '../../support/raw-certificate';
import { SampleAuthority } from '../../support/sample-export';
import { temporaryFolder } from '../../support/temporary-folder';
import { authorityOptions } from '../../support/test-authority';

const NOW = Date.now();
const MOMENT = {
  now: NOW,
  renewBefore: parseThreshold('33%'),
  replacements: { of: () => undefined },
  inventory: { ofKey: () => [] },
};

describe('the compatibility of a certificate', () => {
  let root: KeyedCertificate;
  before(async () => {
    root = await makeRoot();
  });

  const entryOf = ({ certificate }: KeyedCertificate, profile: (typeof LEAF_PROFILES)[number] | 'intermediate') =>
    toInventoryEntry(toInventoryRecord(certificate, profile, false), MOMENT);
  const under = ({ certificate }: KeyedCertificate) => ({
    certificate,
    chain: [],
    trustAnchors: [certificate],
  });

  // Large RSA keys differ in nothing but the seconds that it takes to make them.
  for (const keyType of KEY_TYPES.filter((type) => !/3072|4096/.test(type))) {
    it(`is the same from the inventory as from the certificate: ${keyType}`, async () => {
      for (const profile of LEAF_PROFILES) {
        const leaf = await makeLeaf(root, { profile, keyType });
        assert.deepEqual(toInventoryRecord(leaf.certificate, profile, false).marks, undefined);
        const { certificate } = leaf;
        const outline = {
          profile,
          keyType,
          subjectAltNames: ['dns:localhost', 'dns:mosquitto', 'ip:127.0.0.1', 'ip:::1'],
          notBefore: certificate.notBefore.getTime(),
          notAfter: certificate.notAfter.getTime(),
        };
        assert.deepEqual(traitsOfOutline(outline), traitsOf(certificate), profile);
      }
    });
  }

  it('counts what those above refuse, from the inventory too', async () => {
    const nameConstraints = parseNameConstraints('permitted:dns:mosquitto');
    const limited = await makeRoot({ nameConstraints });
    const leaf = await makeLeaf(limited, { names: ['dns:mosquitto'] });
    const { compatibility } = judgedEntry(entryOf(leaf, 'server'), under(limited));
    assert.equal(compatibility.esp32.verdict, 'refused');
    assert.equal(compatibility.esp32.rule, 'name-constraints-root');
    assert.equal(compatibility.esp8266.verdict, 'ok');

    const between = await makeIntermediate(root, { nameConstraints });
    const own = judgedEntry(entryOf(between, 'intermediate'), under(root));
    assert.equal(own.compatibility.esp8266.rule, 'name-constraints-intermediate');
    assert.ok(!('marks' in own), 'an answer has no marks');
  });

  it('is kept for what is not as our profiles make it, also after a restart', async () => {
    const between = await makeIntermediate(root, { nameConstraints: parseNameConstraints('permitted:dns:mosquitto') });
    const record = toInventoryRecord(between.certificate, 'intermediate', false);
    const row = { at: NOW, event: 'imported', node: 'ca', serialNumber: record.serialNumber } as const;
    const written = formatJournalRow({ ...row, certificate: record });
    assert.deepEqual(readCertificateDetails(written)?.details.marks, ['critical-name-constraints', 'no-path-below']);
    const damaged = written.replace('critical-name-constraints', 'anything');
    assert.deepEqual(readCertificateDetails(damaged)?.details.marks, ['no-path-below']);
  });

  it('holds a path length of 0 against a root only when a CA stands below it', async () => {
    const short = await makeRoot({ pathLength: 0 });
    const leaf = await makeLeaf(short, { names: ['dns:mosquitto'] });
    assert.equal(judgedEntry(entryOf(leaf, 'server'), under(short)).compatibility.node.verdict, 'ok');
    const chain = [(await makeIntermediate(root)).certificate];
    const verdicts = judgeTraits(traitsOf(leaf.certificate), [...chain, short.certificate].map(traitsOf));
    assert.equal(verdicts.node.rule, 'root-path-length');
  });

  it('is known to the dialog before there is a certificate', async () => {
    const { authority, release } = await acquireAuthority(authorityOptions({ userDir: temporaryFolder() }));
    try {
      const drafts: Partial<IssueDraft>[] = [
        {},
        { commonName: 'Broker.Local' },
        { commonName: 'my broker', subjectAltNames: '["dns:a.example.com","ip:192.168.0.10"]' },
        { commonName: '192.168.0.10', ipAsDns: true },
        { profile: 'device', commonName: 'dev01', keyType: 'rsa-3072', subjectAltNames: undefined },
        { profile: 'server-client', validityDays: '2000', subjectAltNames: '["dns:*.local"]' },
        { profile: 'client', commonName: 'someone', subjectAltNames: '["ip:2001:DB8::1"]' },
      ];
      for (const partial of drafts) await sameAsIssued(authority, partial);
    } finally {
      await release();
    }
  });

  async function sameAsIssued(authority: CertificateAuthority, partial: Partial<IssueDraft>): Promise<void> {
    const draft: IssueDraft = {
      profile: 'server',
      keyType: '',
      commonName: 'broker.local',
      subjectAltNames: '[]',
      ipAsDns: false,
      validityDays: '',
      ...partial,
    };
    const { keyType, leafValidityDays, deviceValidityDays } = authority.settings;
    const outline = outlineOfDraft(draft, { keyType, leafValidityDays, deviceValidityDays }, Date.now());
    const names = JSON.parse(draft.subjectAltNames ?? '[]') as string[];
    const [issued] = await authority.issue([
      {
        profile: draft.profile as never,
        subject: { commonName: draft.commonName },
        subjectAltNames: names.map((name) => parseSubjectAltName(name, { allowWildcard: true })),
        ...(draft.keyType && { keyType: draft.keyType as never }),
        ...(draft.validityDays && { validityDays: Number(draft.validityDays) }),
        ipAsDns: draft.ipAsDns,
      },
    ]);
    const { compatibility } = toResult(issued!, authority, { privateKey: false });
    const root = traitsOf(authority.certificate);
    assert.deepEqual(judgeTraits(traitsOfOutline(outline), [root]), compatibility, JSON.stringify(partial));
    assert.deepEqual(
      judgedEntry(authority.find({ by: 'serial', value: issued!.serialNumber }), authority).compatibility,
      compatibility,
    );
  }

  describe('with a new stack: a new column everywhere', () => {
    const stacks = DEVICE_STACKS as Record<string, { label: string; name: string }>;
    const rules = DEVICE_RULES as unknown as object[];
    const layouts = LAYOUT_STACKS as Record<string, string>;
    const usual = layouts.esp32!;

    before(() => {
      stacks.toaster = { label: 'Toaster', name: 'a toaster' };
      rules.push({
        id: 'no-bread',
        stacks: ['toaster'],
        applies: () => true,
        limit: 'knows no bread',
        hint: 'Add bread',
      });
      layouts.esp32 = 'toaster';
    });
    after(() => {
      delete stacks.toaster;
      rules.pop();
      layouts.esp32 = usual;
    });

    const refusal = { verdict: 'refused', rule: 'no-bread', reason: 'knows no bread', hint: 'Add bread' };
    const columnOf = (compatibility: object) => (compatibility as Record<string, unknown>).toaster;

    it('in results, inventories and the dialog', async () => {
      const leaf = await makeLeaf(root);
      const issued = {
        certificate: leaf.certificate,
        serialNumber: '01',
        profile: 'server' as const,
        commonName: 'mosquitto',
        chain: [],
        warnings: [],
      };
      const anchors = { trustAnchors: [root.certificate], trustAnchorsPem: '' };
      assert.deepEqual(columnOf(toResult(issued, anchors, { privateKey: false }).compatibility!), refusal);
      const [entry] = await judgedEntries([entryOf(leaf, 'server')], under(root));
      assert.deepEqual(columnOf(entry!.compatibility), refusal);
      const draft = {
        profile: 'client',
        keyType: '',
        commonName: 'x',
        subjectAltNames: '[]',
        ipAsDns: false,
        validityDays: '',
      };
      const defaults = { keyType: 'ec-p256', leafValidityDays: 1, deviceValidityDays: 1 };
      const verdicts = judgeTraits(traitsOfOutline(outlineOfDraft(draft, defaults, NOW)));
      assert.deepEqual(columnOf(verdicts), refusal);
      assert.deepEqual(verdictGroups(verdicts), [{ ...refusal, stacks: ['toaster'] }]);
      assert.equal(stackLabel('toaster'), 'Toaster');
    });

    it('in the table for a spreadsheet', async () => {
      const entry = judgedEntry(entryOf(await makeLeaf(root), 'server'), under(root)) as JudgedEntry;
      const [head = '', row = ''] = (await inventoryCsv([entry])).split('\r\n');
      assert.match(head, /,gnutls,toaster$/);
      assert.match(row, /,ok,refused$/);
    });

    it('in the warnings of an export that is meant for it', async () => {
      const sample = await SampleAuthority.create();
      const input = { authority: sample.authority, certificates: [] } as never;
      const [first] = await deviceWarningsOf('esp32', input);
      assert.match(first!.message, /: a toaster knows no bread$/);
    });
  });

  it('warns in an export of what its device cannot use, and of nothing else', async () => {
    const sample = await SampleAuthority.create();
    const slow = await makeLeaf(root, { profile: 'device', keyType: 'rsa-3072', names: [] });
    const issued = {
      certificate: slow.certificate,
      serialNumber: slow.certificate.serialNumber,
      profile: 'device',
      commonName: 'dev01',
      chain: [],
      warnings: [],
    };
    const input = { authority: sample.authority, certificates: [issued, { ...issued, commonName: 'dev02' }] } as never;
    const [warning, ...more] = await deviceWarningsOf('esp8266', input);
    assert.deepEqual(more, []);
    assert.equal(warning?.code, 'CERT_DEVICE_LIMIT');
    assert.match(warning.message, /^dev01, dev02: an ESP8266 \(BearSSL\) signs so slowly/);
    assert.match(warning.hint, /ec-p256/);
    const edwards = makeEdwardsDevice(root);
    const other = { authority: sample.authority, certificates: [{ ...issued, certificate: edwards }] } as never;
    for (const layout of ['esp8266', 'esp32', 'workshop'] as const) {
      assert.match((await deviceWarningsOf(layout, other))[0]!.message, /cannot use an Ed25519 key$/, layout);
    }
    assert.deepEqual(await deviceWarningsOf('hono', other), []);
    assert.deepEqual(await deviceWarningsOf('esp32', input), []);
    assert.deepEqual(await deviceWarningsOf('pem', input), []);
  });
});

/** A device whose key was made elsewhere. */
function makeEdwardsDevice(issuer: KeyedCertificate): Certificate {
  const { certificate } = issuer;
  const parts = {
    subject: rawName('dev01'),
    issuer: certificate.subjectBytes,
    publicKey: generateKeyPairSync('ed25519').publicKey,
    signWith: issuer.privateKey,
    extensions: [
      rawExtensions.extendedKeyUsage([CLIENT_AUTH]),
      rawExtensions.authorityKeyId(certificate.subjectKeyId ?? Buffer.alloc(20)),
    ],
  };
  return Certificate.fromDer(rawCertificate(parts));
}
