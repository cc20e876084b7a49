import type { Node, NodeAPI, NodeDef, NodeMessageInFlow } from 'node-red';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { selectCertificates, type Selection } from '../src/export/certificate-selection';
import { baseNameOf } from '../src/export/base-name';
import { exportFolder } from '../src/export/export-folder';
import type { ExportPlan } from '../src/export/export-plan';
import { inMessage } from '../src/export/export-result';
import { planExport } from '../src/export/layouts';
import { parseUsers } from '../src/export/mosquitto-users';
import { warningsFile } from '../src/export/warnings-file';
import { zipFiles, type ZipSource } from '../src/export/zip';
import { systemClock } from '../src/model/clock';
import { migrate } from '../src/model/config/migration';
import { TLS_EXPORT_DEFAULTS, type TlsExportConfig } from '../src/model/config/tls-export';
import { codedError } from '../src/model/errors';
import { exportForBroker, type BrokerExportResult } from '../src/node-red/broker-export';
import { brokerReload, type ReloadNews } from '../src/node-red/broker-reload';
import { authorityOf, type TlsCaNode } from '../src/node-red/authority-node';
import { ExportRegister, type ExportingNode } from '../src/node-red/export-register';
import { flowsStarted } from '../src/node-red/flows-started';
import { ExportUpkeep } from '../src/node-red/export-upkeep';
import { answer, asCodedError, fail, logLine, showFailure } from '../src/node-red/failure';
import { readPayload } from '../src/node-red/payload';
import { errorWords, showStatus, statusText } from '../src/node-red/status';
import { nodeFileSystem } from '../src/store/file-system';
import { StateFile } from '../src/store/state-file';

interface Credentials {
  passphrase?: string;
  /** See parseUsers. */
  users?: string;
}

export = function tlsExport(RED: NodeAPI): void {
  function TlsExport(
    this: ExportingNode & Node<Credentials> & ZipSource,
    definition: NodeDef & Record<string, unknown>,
  ): void {
    RED.nodes.createNode(this, definition);
    const userDir = RED.settings.userDir ?? process.cwd();
    /** Serial numbers only: what a message brought is not kept. */
    let lastSerialNumbers: string[] = [];
    const register = new ExportRegister(new StateFile(nodeFileSystem, userDir, this.id), (error) =>
      this.warn(logLine(asCodedError(error))),
    );
    this.exported = () => register.all();

    const plan = async (
      config: TlsExportConfig,
      items: readonly unknown[],
      folder?: string,
    ): Promise<ExportPlan & Selection> => {
      const authority = await authorityOf(RED, config.ca);
      const users = parseUsers(this.credentials?.users);
      const { certificates, warnings } = await selectCertificates(authority, items);
      const planned = await planExport(config.layout, {
        authority,
        certificates,
        settings: config,
        secretPassphrase: this.credentials?.passphrase || undefined,
        users,
        ...(folder === undefined ? {} : { folder }),
        clock: systemClock,
        random: randomBytes,
      });
      lastSerialNumbers = certificates.map(({ serialNumber }) => serialNumber);
      return { certificates, files: planned.files, warnings: [...warnings, ...planned.warnings] };
    };

    const folderOf = (config: TlsExportConfig, ...more: string[]): string =>
      exportFolder(config, userDir, [...more, ...authorityFolders(RED), path.join(userDir, '.secure-mqtt')]);
    const reloadOf = (config: TlsExportConfig) => brokerReload(config, { userDir, fs: nodeFileSystem, tell });
    /** To the second output, for a flow that reloads the broker by nodes of its own. */
    const tell = (payload: ReloadNews): void => this.send([null, { topic: 'reload', payload } as never]);

    const run = async (msg: NodeMessageInFlow): Promise<BrokerExportResult> => {
      const config = migrate({ ...definition }, TLS_EXPORT_DEFAULTS);
      const payload = readPayload(msg.payload);
      const items = payload.kind === 'items' ? payload.items : [];
      if (config.write === 'message') return inMessage(await plan(config, items));
      const authority = await authorityOf(RED, config.ca);
      const folder = folderOf(config, authority.folder);
      const planned = await plan(config, items, folder);
      const reload = reloadOf(config);
      const { certificates } = planned;
      const options = { config, authority, certificates, folder, userDir, fs: nodeFileSystem, clock: systemClock };
      const result = await exportForBroker(planned, { ...options, ...(reload && { reload }) });
      await register.add(planned.certificates, result.folder, systemClock.now());
      return result;
    };

    this.zip = async () => {
      const config = { ...migrate({ ...definition }, TLS_EXPORT_DEFAULTS), write: 'files' as const };
      const { files, warnings } = await plan(
        config,
        lastSerialNumbers.map((serial) => `serial:${serial}`),
      );
      const name = `${baseNameOf(config.name || config.layout)}.zip`;
      return { name, bytes: zipFiles([...files, ...warningsFile(warnings)], new Date(systemClock.now())) };
    };

    let closed = false;
    let upkeep: ExportUpkeep | undefined;
    let lastCode: string | undefined;
    /** The same reason again is no news: it stays in the status and is reported once. */
    const failed = (thrown: unknown): void => {
      const error = asCodedError(thrown);
      if (error.code === lastCode) showFailure(RED, this, error);
      else fail(RED, this, error, {});
      lastCode = error.code;
    };
    // Earlier neither the folders of all CAs are known nor is there a node to receive what is told.
    const onStarted = (): void => {
      try {
        upkeep = openUpkeep();
        void upkeep?.start();
      } catch (error) {
        failed(error);
      }
    };
    const openUpkeep = (): ExportUpkeep | undefined => {
      const config = migrate({ ...definition }, TLS_EXPORT_DEFAULTS);
      const reload = reloadOf(config);
      if (config.write !== 'files' || (!reload && config.crl !== 'live')) return undefined;
      return new ExportUpkeep({
        config,
        authority: () => authorityOf(RED, config.ca),
        folder: folderOf(config),
        userDir,
        fs: nodeFileSystem,
        clock: systemClock,
        ...(reload && { reload }),
        listWritten: () => {
          lastCode = undefined;
          showStatus(RED, this, 'exportedList');
        },
        putBack: () =>
          this.warn(
            `a replacement of the files in ${folderOf(config)} was interrupted; the files of before were put back`,
          ),
        failed,
      });
    };
    void flowsStarted(RED).then(() => closed || onStarted());
    this.on('close', (done: () => void) => {
      closed = true;
      void Promise.resolve(upkeep?.close()).finally(done);
    });

    this.on('input', (msg, send, done) => {
      showStatus(RED, this, 'exporting');
      answer(RED, this, { msg, send, done }, async () => {
        const payload = await run(msg as NodeMessageInFlow).finally(() => upkeep?.look());
        showResult(RED, this, payload);
        return payload;
      });
    });
  }

  RED.nodes.registerType('tls-export', TlsExport as never, {
    credentials: { passphrase: { type: 'password' }, users: { type: 'password' } },
  });
};

/** The folders of all CAs of this Node-RED, as their nodes name them (the real path may be another one). */
function authorityFolders(RED: NodeAPI): string[] {
  const folders: string[] = [];
  RED.nodes.eachNode(({ id, type }) => {
    const node = type === 'tls-ca' ? (RED.nodes.getNode(id) as TlsCaNode | null) : null;
    if (node?.folder) folders.push(node.folder);
  });
  return folders;
}

function showResult(RED: NodeAPI, node: Node, { files, warnings, replaced }: BrokerExportResult): void {
  const [worst] = warnings;
  if (!worst && replaced?.proved)
    return showStatus(RED, node, 'exportedServed', { serial: replaced.serialNumber.slice(0, 8) });
  if (!worst) return showStatus(RED, node, 'exported', { count: files.length });
  const name = statusText(RED, 'exported', { count: files.length });
  showStatus(RED, node, 'warned', { name, reason: errorWords(RED, codedError(worst.code, worst.message)) });
}
