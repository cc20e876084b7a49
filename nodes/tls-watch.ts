import type { Node, NodeAPI, NodeDef, NodeMessage } from 'node-red';
import type { AuthorityEventName } from '../src/ca/certificate-authority';
import { systemClock } from '../src/model/clock';
import { AUTHORITY_EVENTS } from '../src/model/authority-event-name';
import { migrate } from '../src/model/config/migration';
import { TLS_WATCH_DEFAULTS } from '../src/model/config/tls-watch';
import { codedError } from '../src/model/errors';
import { shownValue } from '../src/model/shown-value';
import { authorityOf } from '../src/node-red/authority-node';
import { AuthorityWatch } from '../src/node-red/authority-watch';
import { asCodedError, fail, showFailure } from '../src/node-red/failure';
import { showWatch } from '../src/node-red/watch-status';
import { nodeFileSystem } from '../src/store/file-system';
import { StateFile } from '../src/store/state-file';

export = function tlsWatch(RED: NodeAPI): void {
  function TlsWatch(this: Node, definition: NodeDef & Record<string, unknown>): void {
    RED.nodes.createNode(this, definition);
    let lastCode: string | undefined;

    /** The same reason again is no news: it stays in the status and is reported once. */
    const failed = (thrown: unknown): void => {
      const error = asCodedError(thrown);
      if (error.code === lastCode) showFailure(RED, this, error);
      else fail(RED, this, error, {});
      lastCode = error.code;
    };

    const open = (): AuthorityWatch => {
      const config = migrate({ ...definition }, TLS_WATCH_DEFAULTS);
      return new AuthorityWatch({
        authority: () => authorityOf(RED, config.ca),
        events: readEvents(config.events),
        file: new StateFile(nodeFileSystem, RED.settings.userDir ?? process.cwd(), this.id),
        clock: systemClock,
        tell: (event) => this.send({ topic: event.event, payload: event } as NodeMessage),
        show: (view) => {
          lastCode = undefined;
          showWatch(RED, this, view, systemClock.now());
        },
        failed,
      });
    };

    let watch: AuthorityWatch;
    try {
      watch = open();
    } catch (error) {
      failed(error);
      return;
    }
    void watch.attach();
    // Earlier there may be no node to receive what is told.
    const onStarted = (): void => watch.start();
    RED.events.once('flows:started', onStarted);

    this.on('close', (done: () => void) => {
      RED.events.removeListener('flows:started', onStarted);
      void watch.close().finally(done);
    });
  }

  RED.nodes.registerType('tls-watch', TlsWatch);
};

function readEvents(value: unknown): ReadonlySet<AuthorityEventName> {
  const names: readonly unknown[] = Array.isArray(value) ? value : [value];
  const wrong = names.find((name) => !(AUTHORITY_EVENTS as readonly unknown[]).includes(name));
  if (wrong === undefined) return new Set(names as AuthorityEventName[]);
  throw codedError(
    'INPUT_CONFIG',
    `${shownValue(wrong)} is no event of a CA, expected ${AUTHORITY_EVENTS.join(', ')}`,
    { field: 'events', value: shownValue(wrong) },
    'Open the node and tick the events',
  );
}
