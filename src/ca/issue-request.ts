import type { KeyObject } from 'node:crypto';
import type { DistinguishedName } from '../model/distinguished-name';
import type { Warning } from '../model/errors';
import type { KeyType } from '../model/key-type';
import type { LeafProfile, ProfileName } from '../model/profile-name';
import type { Selector } from '../model/selector';
import type { SubjectAltName } from '../model/subject-alt-name';
import type { Certificate } from '../pki/certificate';
import type { CertificateRequest } from '../pki/certificate-request';

/** One certificate that somebody asks for. */
export interface IssueRequest {
  profile: LeafProfile;
  subject: DistinguishedName;
  subjectAltNames?: SubjectAltName[];
  /** Default: the key type of the CA. */
  keyType?: KeyType;
  /** Default: what the CA sets for the profile. */
  validityDays?: number;
  /** Write IP addresses as DNS names too, for devices that connect by IP. */
  ipAsDns?: boolean;
  /** Keep the private key in the CA folder (default); else only the result holds it. */
  storeKey?: boolean;
}

/** A certificate that is durable in the folder, with all that belongs to it. */
export interface IssuedCertificate {
  certificate: Certificate;
  serialNumber: string;
  profile: ProfileName;
  commonName: string;
  /** Intermediates a server must append; empty under a root. */
  chain: Certificate[];
  warnings: Warning[];
  /** Absent for a signed request and where the folder does not hold the key. */
  secretPrivateKey?: KeyObject;
}

export interface IssueOptions {
  /** Called after each group that became durable. */
  onProgress?(done: number, total: number): void;
}

export interface RenewOptions {
  /** Make a new private key (default); else the public key of the old certificate is certified again. */
  rekey?: boolean;
  validityDays?: number;
  /** As {@link IssueRequest.storeKey}. */
  storeKey?: boolean;
}

/** One certificate of a batch, of whatever kind. */
export type CertificateOrder =
  | { action: 'issue'; request: IssueRequest }
  | { action: 'renew'; selector: Selector; options: RenewOptions }
  | { action: 'sign'; request: CertificateRequest; options: SignOptions };

export interface SignOptions {
  profile: LeafProfile;
  /** Nothing of the request counts but its key: for requests of those who may not name themselves. */
  keyOnly?: boolean;
  /** Fields that take the place of those in the request; the others stay as requested. */
  subject?: DistinguishedName;
  /** Instead of the names of the request. */
  subjectAltNames?: SubjectAltName[];
  validityDays?: number;
  ipAsDns?: boolean;
}
