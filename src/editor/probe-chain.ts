import { keyTypeName } from '../model/key-type';
import type { ChainLink, ProbeView } from '../model/probe-view';
import { element } from './dom';
import { lifetimeBar } from './lifetime-bar';
import { sharedText } from './text';

type Chain = Pick<ProbeView, 'chain' | 'brokenAt' | 'unreadable'>;

/** The certificates of a server from its own up to the root, and where the chain breaks; undefined when there is none. */
export function probeChain({ chain, brokenAt, unreadable }: Chain): HTMLElement | undefined {
  if (chain.length === 0 && unreadable.length === 0) return undefined;
  const list = element('ol', { class: 'secure-mqtt-chain' });
  const followed = chain.filter(({ role }) => role !== 'surplus');
  list.append(...followed.map(linkItem));
  if (brokenAt !== null) list.append(breakItem(brokenAt));
  list.append(...chain.filter(({ role }) => role === 'surplus').map(linkItem));
  for (const { problem, bytes } of unreadable) {
    const item = element('li', { text: sharedText('probe.chain.unreadable', { bytes, problem }) });
    item.dataset.state = 'critical';
    list.append(item);
  }
  return list;
}

function linkItem(link: ChainLink): HTMLElement {
  const item = element(
    'li',
    {},
    element(
      'div',
      { class: 'secure-mqtt-chain-head' },
      element('span', { class: 'secure-mqtt-badge', text: sharedText(`probe.role.${link.role}`) }),
      element('strong', { text: link.subject || sharedText('probe.chain.nameless') }),
      element('span', { class: 'secure-mqtt-quiet', text: originText(link) }),
    ),
    lifetimeBar(link),
    facts([
      ['issuer', link.issuer],
      ['serial', link.serialNumber, true],
    ]),
    more(link),
  );
  item.dataset.role = link.role;
  if (link.blamed) {
    item.dataset.state = 'critical';
    item.prepend(
      element(
        'p',
        { class: 'secure-mqtt-blamed' },
        element('i', { class: 'fa fa-times-circle' }),
        element('span', { text: sharedText('probe.chain.blamed') }),
      ),
    );
  }
  return item;
}

function originText({ sent, trusted, role }: ChainLink): string {
  if (role === 'surplus') return sharedText('probe.origin.surplus');
  if (!sent) return sharedText('probe.origin.trusted');
  return sharedText(trusted ? 'probe.origin.both' : 'probe.origin.sent');
}

/** What is looked up rarely: names, key, fingerprint. */
function more({ subjectAltNames, keyType, fingerprint256 }: ChainLink): HTMLElement {
  return element(
    'details',
    {},
    element('summary', { text: sharedText('probe.chain.more') }),
    facts([
      ...(subjectAltNames.length > 0 ? ([['names', subjectAltNames.join(', ')]] as [string, string][]) : []),
      ['key', keyTypeName(keyType)],
      ['fingerprint', fingerprint256, true],
    ]),
  );
}

function facts(rows: readonly [name: string, value: string, isCode?: boolean][]): HTMLElement {
  const list = element('dl');
  for (const [name, value, isCode] of rows) {
    list.append(
      element('dt', { text: sharedText(`probe.fact.${name}`) }),
      element('dd', { text: value, class: isCode ? 'secure-mqtt-code' : '' }),
    );
  }
  return list;
}

function breakItem(issuer: string): HTMLElement {
  const item = element(
    'li',
    { class: 'secure-mqtt-break' },
    element('i', { class: 'fa fa-chain-broken' }),
    element('span', { text: sharedText('probe.chain.broken', { issuer }) }),
  );
  item.dataset.state = 'critical';
  return item;
}
