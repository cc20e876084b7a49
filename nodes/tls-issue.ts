import type { Node, NodeAPI, NodeDef, NodeMessageInFlow } from 'node-red';
import type { CertificateOrder } from '../src/ca/certificate-authority';
import { toResult } from '../src/ca/certificate-result';
import type { RolloverState } from '../src/ca/rollover-state';
import type { CertificateResult } from '../src/model/certificate-result';
import { migrate } from '../src/model/config/migration';
import {
  REQUEST_PARTS,
  TLS_ISSUE_DEFAULTS,
  type RequestPart,
  type IssueAction,
  type TlsIssueConfig,
} from '../src/model/config/tls-issue';
import { codedError } from '../src/model/errors';
import { readSelector } from '../src/model/selector';
import { shownValue } from '../src/model/shown-value';
import { authorityOf } from '../src/node-red/authority-node';
import { changeAuthority, stepOf } from '../src/node-red/authority-change';
import { withPlace } from '../src/node-red/batch-place';
import { answer } from '../src/node-red/failure';
import { atIndex, overridden, toIssueRequest, type IssueFields } from '../src/node-red/issue-input';
import { readPayload, type PlainObject } from '../src/node-red/payload';
import { errorWords, showStatus } from '../src/node-red/status';
import { evaluate } from '../src/node-red/typed-value';
import { readCertificateRequest } from '../src/pki/certificate-request';

type Fields = IssueFields & { action: unknown };
type Item = string | PlainObject;

/** The typed inputs of the node, as they stand in its configuration. */
const TYPED_FIELDS = [
  'commonName',
  'organization',
  'organizationalUnit',
  'country',
  'state',
  'locality',
  'subjectAltNames',
  'validityDays',
] as const;

export = function tlsIssue(RED: NodeAPI): void {
  function TlsIssue(this: Node, definition: NodeDef & Record<string, unknown>): void {
    RED.nodes.createNode(this, definition);

    const configuredFields = async (config: TlsIssueConfig, msg: NodeMessageInFlow): Promise<Fields> => {
      const fields: Fields = { action: config.action, profile: config.profile, keyType: config.keyType };
      for (const field of TYPED_FIELDS) {
        fields[field] = await evaluate(RED, this, msg, field, config[field], config[`${field}Type`]);
      }
      return fields;
    };

    const run = async (msg: NodeMessageInFlow): Promise<CertificateResult | CertificateResult[] | RolloverState> => {
      const config = migrate({ ...definition }, TLS_ISSUE_DEFAULTS);
      const authority = await authorityOf(RED, config.ca);
      const step = stepOf(config.action);
      if (step) return changeAuthority(RED, this, { authority, ca: config.ca, step, keyType: config.keyType });
      const fields = await configuredFields(config, msg);
      const { items, batch } = readItems(config.action, msg.payload);
      const work = items.map((item, index) => atIndex(batch ? index : undefined, () => prepare(config, fields, item)));
      const onProgress = (done: number, total: number) => {
        if (batch) showStatus(RED, this, 'issuing', { done, total });
      };
      const issued = await authority.fulfil(work, { onProgress }).catch((error: unknown) => {
        throw withPlace(error, { items: items as Item[], batch });
      });
      const results = issued.map((one) => toResult(one, authority, { privateKey: config.privateKeyTo !== 'store' }));
      showResult(RED, this, results);
      return batch ? results : (results[0] as CertificateResult);
    };

    this.on('input', (msg, send, done) => {
      answer(RED, this, { msg, send, done }, () => run(msg as NodeMessageInFlow));
    });
  }

  RED.nodes.registerType('tls-issue', TlsIssue);
};

/** A CSR may come as a Buffer, which the payload rule refuses elsewhere. */
function readItems(action: IssueAction, payload: unknown): { batch: boolean; items: (Item | Buffer | undefined)[] } {
  if (action === 'sign' && Buffer.isBuffer(payload)) return { batch: false, items: [payload] };
  const read = readPayload(payload);
  return read.kind === 'configured' ? { batch: false, items: [undefined] } : read;
}

function prepare(config: TlsIssueConfig, configured: Fields, item: Item | Buffer | undefined): CertificateOrder {
  const asItem = item === undefined || Buffer.isBuffer(item) ? {} : item;
  // A string is a common name to issue, but a selector to renew and a request to sign.
  const overrides = typeof asItem === 'string' && config.action !== 'issue' ? {} : ofRenewal(config, asItem);
  const fields = overridden(configured, overrides, config.allowOverride);
  switch (fields.action) {
    case 'issue':
      return {
        action: 'issue',
        request: toIssueRequest(fields, { ipAsDns: config.ipAsDns, storeKey: config.privateKeyTo !== 'message' }),
      };
    case 'renew': {
      const selector = readSelector(item ?? configured.commonName);
      const { validityDays } = toPartialRequest(fields);
      return {
        action: 'renew',
        selector,
        options: { rekey: config.rekey, validityDays, storeKey: config.privateKeyTo !== 'message' },
      };
    }
    case 'sign': {
      const request = readCertificateRequest(requestBytes(item));
      const { profile, subject, subjectAltNames, validityDays } = toPartialRequest(fields);
      return {
        action: 'sign',
        request,
        options: {
          keyOnly: readRequestPart(config.fromRequest) === 'key',
          profile,
          subject,
          subjectAltNames: subjectAltNames?.length ? subjectAltNames : undefined,
          validityDays,
          ipAsDns: config.ipAsDns,
        },
      };
    }
    default:
      throw codedError(
        'INPUT_OVERRIDE',
        `action is ${shownValue(fields.action)}, expected one of issue, renew, sign`,
        { field: 'action', value: shownValue(fields.action) },
        'Use issue, renew or sign',
      );
  }
}

/**
 * Of an object that names what to renew, only what a renewal can take: the output of tls-issue, tls-inventory and
 * tls-watch goes in unchanged, although it tells the profile and the CA of the certificate.
 */
function ofRenewal(config: TlsIssueConfig, item: string | PlainObject): string | PlainObject {
  if (typeof item === 'string' || (item.action ?? config.action) !== 'renew') return item;
  const { action, validityDays } = item;
  return { ...(action !== undefined && { action }), ...(validityDays !== undefined && { validityDays }) };
}

function toPartialRequest(fields: Fields): ReturnType<typeof toIssueRequest> {
  return toIssueRequest(fields, { ipAsDns: false, storeKey: false });
}

/** Fails closed: a damaged setting must not let a request name itself. @throws INPUT_CONFIG */
function readRequestPart(value: unknown): RequestPart {
  const known = REQUEST_PARTS.find((part) => part === value);
  if (known) return known;
  throw codedError(
    'INPUT_CONFIG',
    `${shownValue(value)} is no part of a request, expected ${REQUEST_PARTS.join(' or ')}`,
    { field: 'fromRequest', value: shownValue(value) },
    'Open the node and choose what counts of the request',
  );
}

function requestBytes(item: Item | Buffer | undefined): Buffer | string {
  const csr = typeof item === 'object' && !Buffer.isBuffer(item) ? item.csr : item;
  if (typeof csr === 'string' || Buffer.isBuffer(csr)) return csr;
  throw codedError(
    'INPUT_PAYLOAD',
    `the certificate request is ${shownValue(csr)}, expected PEM text or a DER Buffer`,
    { field: 'csr', value: shownValue(csr) },
    'Put the request into msg.payload, or into its field csr',
  );
}

function showResult(RED: NodeAPI, node: Node, results: CertificateResult[]): void {
  const [first] = results;
  const warnings = results.flatMap((result) => result.warnings);
  const name = results.length === 1 && first ? first.commonName : `${results.length}`;
  const [worst] = warnings;
  if (worst) showStatus(RED, node, 'warned', { name, reason: errorWords(RED, codedError(worst.code, worst.message)) });
  else if (results.length === 1 && first) {
    showStatus(RED, node, 'issued', { name, until: first.notAfter.slice(0, 10) });
  } else showStatus(RED, node, 'issuedMany', { count: results.length });
}
