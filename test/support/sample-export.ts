import { randomBytes, type KeyObject } from 'node:crypto';
import type { IssuedCertificate } from '../../src/ca/issue-request';
import type { ExportAuthority, ExportInput } from '../../src/export/export-input';
import { TLS_EXPORT_DEFAULTS, type TlsExportConfig } from '../../src/model/config/tls-export';
import { systemClock } from '../../src/model/clock';
import type { KeyType } from '../../src/model/key-type';
import type { ProfileName } from '../../src/model/profile-name';
import { parseSubjectAltName } from '../../src/model/subject-alt-name';
import type { Certificate } from '../../src/pki/certificate';
import { buildCertificate } from '../../src/pki/certificate-builder';
import { generatePrivateKey } from '../../src/pki/key-generation';
import { createRevocationList, type RevokedCertificate } from '../../src/pki/revocation-list';
import { newSerialNumber } from '../../src/pki/serial-number-source';

const DAY_MS = 86_400_000;

interface Issuer {
  certificate: Certificate;
  privateKey: KeyObject;
}

/** A CA in memory, for tests of what an export makes of its certificates. */
export class SampleAuthority {
  /** What the next revocation list holds. */
  readonly revoked: RevokedCertificate[] = [];

  private constructor(
    readonly root: Issuer,
    readonly issuer: Issuer,
    private readonly keyType: KeyType,
  ) {}

  static async create({ intermediate = false, keyType = 'ec-p256' as KeyType } = {}): Promise<SampleAuthority> {
    const root = await SampleAuthority.ca('root', 'Sample Root', keyType);
    if (!intermediate) return new SampleAuthority(root, root, keyType);
    return new SampleAuthority(root, await SampleAuthority.ca('intermediate', 'Sample CA', keyType, root), keyType);
  }

  private static async ca(
    profile: ProfileName,
    commonName: string,
    keyType: KeyType,
    issuer?: Issuer,
  ): Promise<Issuer> {
    const privateKey = await generatePrivateKey(keyType);
    const certificate = await buildCertificate({
      profile,
      serialNumber: newSerialNumber(),
      subject: { commonName, organization: 'Sample' },
      subjectAltNames: [],
      publicKey: privateKey,
      ...period(issuer ? 900 : 1000),
      issuer: issuer ?? { selfSignedWith: privateKey },
    });
    return { certificate, privateKey };
  }

  /** What the layouts see of it. */
  get authority(): ExportAuthority {
    const { root, issuer } = this;
    const isRoot = root === issuer;
    const partial: Partial<Record<keyof ExportAuthority, unknown>> = {
      certificate: issuer.certificate,
      chainPem: isRoot ? '' : issuer.certificate.pem,
      trustAnchors: [root.certificate],
      trustAnchorsPem: root.certificate.pem,
      list: () => ({ total: 0, items: [] }),
      secretAuthorityKey: async () => issuer.privateKey,
      crl: () => this.revocationList(new Date(Date.now() + 30 * DAY_MS)),
      staticCrl: () => this.revocationList(issuer.certificate.notAfter),
    };
    return partial as unknown as ExportAuthority;
  }

  private async revocationList(nextUpdate: Date) {
    const { issuer, revoked } = this;
    const thisUpdate = new Date(Date.now() - 1000);
    const list = await createRevocationList({ issuer, number: 7, thisUpdate, nextUpdate, revoked });
    return { ...list, number: '7', nextUpdate };
  }

  async issue(profile: ProfileName, commonName: string, names: string[] = [], keyType = this.keyType) {
    const secretPrivateKey = await generatePrivateKey(keyType);
    const certificate = await buildCertificate({
      profile,
      serialNumber: newSerialNumber(),
      subject: { commonName },
      subjectAltNames: names.map((name) => parseSubjectAltName(name)),
      publicKey: secretPrivateKey,
      ...period(100),
      issuer: this.issuer,
    });
    const issued: IssuedCertificate & { secretPrivateKey: KeyObject } = {
      certificate,
      serialNumber: certificate.serialNumber,
      profile,
      commonName,
      chain: this.root === this.issuer ? [] : [this.issuer.certificate],
      warnings: [],
      secretPrivateKey,
    };
    return issued;
  }

  /** The server certificate of the workshop. */
  server(): Promise<IssuedCertificate & { secretPrivateKey: KeyObject }> {
    return this.issue('server', 'mosquitto', ['dns:localhost', 'dns:mosquitto', 'ip:127.0.0.1']);
  }

  input(
    certificates: readonly IssuedCertificate[],
    settings: Partial<TlsExportConfig> = {},
    more: Partial<ExportInput> = {},
  ): ExportInput {
    return {
      authority: this.authority,
      certificates,
      settings: { ...TLS_EXPORT_DEFAULTS, ...settings },
      users: [],
      clock: systemClock,
      random: randomBytes,
      ...more,
    };
  }
}

function period(days: number): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(Date.now() - DAY_MS), notAfter: new Date(Date.now() + days * DAY_MS) };
}
