import type { Node, NodeAPI } from 'node-red';
import type { CertificateAuthority } from '../ca/certificate-authority';
import type { SecureMqttBrokerCredentials } from '../model/config/secure-mqtt-broker-config';
import { codedError, type Warning } from '../model/errors';
import type { ProbeAnswer } from '../model/probe-view';
import { shownValue } from '../model/shown-value';
import { probeMany, type ProbeJob } from '../tls/probe-many';
import { brokerProbeOptions } from './broker-probe';
import { sessionOptionsOf } from './broker-settings';
import { asCodedError } from './failure';
import { linkedAuthority, withListOf } from './linked-authority';
import { draftTypeOf, readDraft } from './node-draft';
import { BROKER_DRAFT, PROBE_DRAFT } from './probe-drafts';
import { comparedWithInventory } from './probe-inventory';
import { readProbeJobs, type ProbeCredentials } from './probe-jobs';
import { probeView } from './probe-view';

/** A person looks at the answer: of a long list the first ones show whether the settings are right. */
const MOST_TARGETS = 10;
const AT_ONCE = 5;
/** Somebody waits in front of the dialog. */
const LONGEST_TIMEOUT_MS = 10_000;

/** What a dialog asked for, ready to go. */
interface DraftRun {
  jobs: ProbeJob[];
  authority?: CertificateAuthority;
  remarks: Warning[];
}

type ReadDraftRun = (RED: NodeAPI, body: unknown) => Promise<DraftRun>;

/** The dialogs that may probe. */
const DRAFT_RUNS: Readonly<Record<string, ReadDraftRun>> = {
  [BROKER_DRAFT.type]: readBrokerRun,
  [PROBE_DRAFT.type]: readProbeRun,
};

/**
 * Probe with the settings of an open dialog, which are not deployed.
 *
 * Settings that cannot work are an answer like any other; files are read and named, their content is never answered.
 *
 * @param body see `node-draft.ts`
 * @throws INPUT_PAYLOAD when this is not the request of a dialog; what `signal` was aborted with
 */
export async function probeDraft(RED: NodeAPI, body: unknown, signal: AbortSignal): Promise<ProbeAnswer> {
  const type = draftTypeOf(body);
  const read = Object.hasOwn(DRAFT_RUNS, type) ? DRAFT_RUNS[type] : undefined;
  if (!read) throw unknownType(type);
  let run: DraftRun;
  try {
    run = await read(RED, body);
  } catch (error) {
    return { views: [], targets: 0, problem: asCodedError(error).toWarning(), remarks: [] };
  }
  signal.throwIfAborted();
  const { jobs, authority, remarks } = run;
  const first = jobs.slice(0, MOST_TARGETS).map(({ target, options }) => ({
    target,
    options: { ...options, timeoutMs: Math.min(options.timeoutMs ?? LONGEST_TIMEOUT_MS, LONGEST_TIMEOUT_MS) },
  }));
  try {
    const seen = await probeMany(first, { concurrency: AT_ONCE, signal });
    const judged = authority ? await Promise.all(seen.map((report) => comparedWithInventory(report, authority))) : seen;
    return { views: judged.map(probeView), targets: jobs.length, problem: null, remarks };
  } catch (error) {
    signal.throwIfAborted();
    return { views: [], targets: jobs.length, problem: asCodedError(error).toWarning(), remarks };
  }
}

/** As the deployed node would connect, but under a client id of its own: that of a running client would throw it out. */
async function readBrokerRun(RED: NodeAPI, body: unknown): Promise<DraftRun> {
  const { config, credentials } = readDraft<typeof BROKER_DRAFT.defaults, SecureMqttBrokerCredentials>(
    RED,
    body,
    BROKER_DRAFT,
  );
  const remarks: Warning[] = [];
  // What only the session needs is found now, not after the deploy.
  sessionOptionsOf(config, credentials);
  const { target, material, mqtt } = await brokerProbeOptions(RED, { config, credentials }, (remark) =>
    remarks.push(remark),
  );
  const { username, password: secretPassword, protocolVersion } = mqtt;
  const linked = await linkedAuthority(RED, config);
  const { authority, knownIntermediates } = linked;
  const options = {
    material: withListOf(linked, material),
    username,
    secretPassword,
    protocolVersion,
    knownIntermediates,
  };
  return { jobs: [{ target, options }], authority, remarks };
}

async function readProbeRun(RED: NodeAPI, body: unknown): Promise<DraftRun> {
  const { config, credentials } = readDraft<typeof PROBE_DRAFT.defaults, ProbeCredentials>(RED, body, PROBE_DRAFT);
  const { id } = (body as { node: { id: string } }).node;
  if (config.targetType === 'msg') throw needsMessage(`msg.${config.target}`);
  if (config.target === '' && config.broker === '') throw needsMessage('msg.payload');
  // A node that was never deployed has no context of its own; text, JSON and variables need none.
  const node = (RED.nodes.getNode(id) as Node | null) ?? ({ id } as Node);
  return { ...(await readProbeJobs(RED, node, config, { _msgid: '' }, credentials)), remarks: [] };
}

function needsMessage(source: string): Error {
  return codedError(
    'INPUT_TARGET',
    `the target comes with the message (${source}), and here is none`,
    { field: 'target', source },
    'Write a target into the dialog to probe it now, or send a message into the deployed node',
  );
}

function unknownType(type: string): Error {
  const expected = Object.keys(DRAFT_RUNS);
  return codedError(
    'INPUT_PAYLOAD',
    `a node of the type ${shownValue(type)} does not probe, expected ${expected.join(' or ')}`,
    { type: shownValue(type), expected },
    'Use the button in the dialog of the node',
  );
}
