import { AdminRefusal, askAdmin } from './admin-client';
import { runsNow } from './deployed-node';
import type { DialogForm } from './dialog-form';
import { button, element } from './dom';
import type { EditedNode, Validator } from './red';
import { sharedText } from './text';

/** A core mqtt-broker as the editor holds it. */
interface CoreBroker {
  id: string;
  type: string;
  name?: string;
  broker?: string;
  port?: string | number;
  usetls?: boolean;
  tls?: string;
  coreBrokers?: unknown;
}

/** The editor's API for making nodes, which `@types/node-red` does not know. */
interface Workspace {
  nodes: {
    eachConfig(callback: (node: CoreBroker) => boolean | void): void;
    import(nodes: object[], options: { generateIds: boolean }): { nodes: { id: string }[] };
    dirty(state?: boolean): boolean;
  };
  history: { push(event: { t: 'add'; nodes: string[]; dirty: boolean }): void };
}

const workspace = (): Workspace => RED as unknown as Workspace;

/** Core opens these without TLS, whatever is ticked. */
const PLAIN = /^(mqtt|tcp|ws):\/\//i;

function configNodes(): CoreBroker[] {
  const found: CoreBroker[] = [];
  workspace().nodes.eachConfig((node) => void found.push(node));
  return found;
}

/** Why a core broker cannot be driven yet; undefined when it can. */
function missing({ id, usetls, tls, broker }: CoreBroker, claimant: string): string | undefined {
  if (usetls !== true) return sharedText('core.missing.tls');
  if (PLAIN.test(broker ?? '')) return sharedText('core.missing.plain', { broker });
  if (!tls || !RED.nodes.node(tls)) return sharedText('core.missing.tls-config');
  const other = configNodes().find(
    (node) =>
      node.type === 'secure-mqtt-broker-config' &&
      node.id !== claimant &&
      Array.isArray(node.coreBrokers) &&
      node.coreBrokers.includes(id),
  );
  return other ? sharedText('core.missing.claimed', { name: other.name || other.broker || other.id }) : undefined;
}

function labelOf({ id, name, broker, port }: CoreBroker): string {
  return name || (broker ? `${broker}${/:\/\//.test(broker) ? '' : `:${port ?? ''}`}` : id);
}

/** What is not ready among the ticked core brokers. */
export function coreBrokersReady<Config>(): Validator<Config> {
  return function (value, options) {
    const ids = Array.isArray(value) ? value.map(String) : [];
    for (const id of ids) {
      const node = RED.nodes.node(id) as CoreBroker | null | undefined;
      const reason = node ? missing(node, this.id) : sharedText('core.missing.gone');
      if (reason) return `${options?.label ? `${options.label}: ` : ''}${node ? labelOf(node) : id}: ${reason}`;
    }
    return true;
  };
}

type BrokerNode = EditedNode<{ coreBrokers: string[] }>;

/** The fields of the dialogs that are open, by node: the moment of saving has only the node. */
const open = new WeakMap<BrokerNode, CoreBrokersField>();

/** Show the list of all core brokers with a box to tick, for the property `coreBrokers`. */
export function coreBrokersField(form: DialogForm, node: BrokerNode): void {
  open.set(node, new CoreBrokersField(node, form));
}

/** Keep what is ticked in the open dialog of a node. */
export function storeCoreBrokers(node: BrokerNode): void {
  const field = open.get(node);
  if (field) node.coreBrokers = field.value;
}

class CoreBrokersField {
  private readonly ticked: Set<string>;

  constructor(
    private readonly node: BrokerNode,
    private readonly form: DialogForm,
  ) {
    this.ticked = new Set(Array.isArray(node.coreBrokers) ? node.coreBrokers : []);
    this.form.part('core-create').append(
      button(sharedText('core.create'), 'fa-plus', () => void this.create()),
      element('div', { class: 'secure-mqtt-tip secure-mqtt-flush', text: sharedText('core.create-tip') }),
    );
    this.show();
  }

  /** The ids to store, in the order of the list. */
  get value(): string[] {
    return this.brokers()
      .map(({ id }) => id)
      .filter((id) => this.ticked.has(id));
  }

  /** Ticked ones that were deleted are shown, so that the tick can be seen and removed. */
  private brokers(): CoreBroker[] {
    const brokers = configNodes().filter(({ type }) => type === 'mqtt-broker');
    const gone = [...this.ticked].filter((id) => brokers.every((broker) => broker.id !== id));
    return [...brokers, ...gone.map((id) => ({ id, type: '' }))];
  }

  private show(): void {
    const brokers = this.brokers();
    const rows = brokers.map((broker) => this.row(broker));
    const empty = element('p', { class: 'secure-mqtt-tip secure-mqtt-flush', text: sharedText('core.empty') });
    this.form
      .part('core-brokers')
      .empty()
      .append(...(rows.length > 0 ? rows : [empty]));
  }

  private row(broker: CoreBroker): HTMLElement {
    const box = element('input');
    box.type = 'checkbox';
    box.checked = this.ticked.has(broker.id);
    box.dataset.core = broker.id;
    const reason = broker.type ? missing(broker, this.node.id) : sharedText('core.missing.gone');
    const remark = element('div', { class: 'secure-mqtt-core-remark', ...(reason ? { text: reason } : {}) });
    remark.id = `secure-mqtt-core-${broker.id}`;
    if (reason) box.setAttribute('aria-describedby', remark.id);
    const mark = (): void => void remark.classList.toggle('secure-mqtt-core-wrong', box.checked);
    box.addEventListener('change', () => {
      if (box.checked) this.ticked.add(broker.id);
      else this.ticked.delete(broker.id);
      mark();
    });
    mark();
    const label = element('label', {}, box, element('span', { text: labelOf(broker) }));
    return element('div', { class: 'secure-mqtt-checks' }, label, reason ? remark : undefined);
  }

  /** A core broker and its tls-config for the broker of this dialog, ticked; "undo" removes both. */
  private async create(): Promise<void> {
    const { form } = this;
    const host = form.value('brokerType') === 'env' ? `\${${form.value('broker')}}` : form.value('broker');
    const files = await this.files();
    const name = form.value('name') || host || sharedText('core.created-name');
    const { nodes, history } = workspace();
    const dirty = nodes.dirty();
    const made = nodes.import(
      [
        {
          id: 'secure-mqtt-new-tls',
          type: 'tls-config',
          ...{ name, certname: '', keyname: '', caname: '', servername: '', alpnprotocol: '' },
          ...{ verifyservercert: true, ...files },
        },
        {
          id: 'secure-mqtt-new-core',
          type: 'mqtt-broker',
          ...{ name, port: form.value('port'), usetls: true, tls: 'secure-mqtt-new-tls', autoConnect: true },
          broker: form.value('transport') === 'wss' ? `wss://${host}:${form.value('port')}${form.value('path')}` : host,
          ...{
            clientid: '',
            protocolVersion: form.value('protocolVersion'),
            keepalive: form.value('keepalive') || '60',
          },
          ...{ cleansession: true, autoUnsubscribe: true, sessionExpiry: '' },
          ...messages('birth'),
          ...messages('close'),
          ...messages('will'),
        },
      ],
      { generateIds: true },
    );
    history.push({ t: 'add', nodes: made.nodes.map(({ id }) => id), dirty });
    nodes.dirty(true);
    for (const { id } of made.nodes) {
      if (RED.nodes.node(id)?.type === 'mqtt-broker') this.ticked.add(id);
    }
    this.show();
    form.part('core-brokers').find('input:checked').last().trigger('focus');
  }

  /** Files with which the broker works in core alone too: those whose names a renewal does not change. */
  private async files(): Promise<{ cert: string; key: string; ca: string }> {
    const { form } = this;
    const own = form.value('security') === 'mutual' && form.value('identity') === 'file';
    const pair = own
      ? { cert: form.value('certFile'), key: form.value('keyFile') || form.value('certFile') }
      : { cert: '', key: '' };
    if (form.value('trust') === 'file') return { ...pair, ca: form.value('caFile') };
    if (form.value('trust') !== 'ca' || !runsNow(form.value('ca'))) return { ...pair, ca: '' };
    try {
      const { folder } = await askAdmin<{ folder: string }>(`authorities/${encodeURIComponent(form.value('ca'))}`);
      return { ...pair, ca: `${folder}/trust.pem` };
    } catch (error) {
      if (error instanceof AdminRefusal) return { ...pair, ca: '' };
      throw error;
    }
  }
}

/** As an mqtt-broker without such a message is stored. */
function messages(kind: 'birth' | 'close' | 'will'): object {
  return {
    [`${kind}Topic`]: '',
    [`${kind}Qos`]: '0',
    [`${kind}Retain`]: 'false',
    [`${kind}Payload`]: '',
    [`${kind}Msg`]: {},
  };
}
