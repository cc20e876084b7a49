import type { Warning } from '../model/errors';
import type { ProbeView, StageOutcome } from '../model/probe-view';
import { element } from './dom';
import { probeChain } from './probe-chain';
import { errorText, mendText, messageText, sharedText } from './text';

type CardState = ProbeView['severity'];

const ICONS: Record<CardState, string> = {
  ok: 'fa-check-circle',
  warning: 'fa-exclamation-triangle',
  critical: 'fa-times-circle',
};

const STAGE_ICONS: Record<StageOutcome, string> = {
  passed: 'fa-check',
  failed: 'fa-times',
  unreached: 'fa-ellipsis-h',
  skipped: 'fa-minus',
};

/** What a probe found, for somebody who does it for the first time: verdict, cause, mend, then the evidence. */
export function probeCard(view: ProbeView): HTMLElement {
  const { severity, target, code, message, fix, warnings } = view;
  return card(severity, verdictText(view), target, [
    element('p', { class: 'secure-mqtt-message', text: sentence(code ? messageText({ code, message }) : message) }),
    fix ? labelled('fix', sentence(mendText(fix))) : undefined,
    code ? labelled('code', code) : undefined,
    stageList(view),
    ...warnings.filter((remark) => remark.message !== message).map(remarkText),
    section('chain', probeChain(view)),
    section('connection', connectionFacts(view)),
    verdictList(view),
  ]);
}

/** Settings with which nothing could be probed. */
export function problemCard({ code, message, hint }: Warning): HTMLElement {
  return card('critical', sharedText('probe.verdict.settings'), errorText(code) ?? '', [
    element('p', { class: 'secure-mqtt-message', text: sentence(message) }),
    hint ? labelled('fix', sentence(mendText(hint))) : undefined,
    labelled('code', code),
  ]);
}

/** A remark about the settings, beside the cards. */
export function remarkCard(remark: Warning): HTMLElement {
  return card('warning', sharedText('probe.verdict.remark'), '', [remarkText(remark)]);
}

function card(state: CardState, verdict: string, about: string, content: (HTMLElement | undefined)[]): HTMLElement {
  const made = element(
    'section',
    { class: 'secure-mqtt-card secure-mqtt-probe' },
    element(
      'h4',
      {},
      element('i', { class: `fa ${ICONS[state]}` }),
      element('span', { text: verdict }),
      element('span', { class: 'secure-mqtt-quiet', text: about }),
    ),
    ...content,
  );
  made.dataset.state = state;
  return made;
}

/** Words for the colour. Critical without a code: it works, but not for long. */
function verdictText({ severity, code }: ProbeView): string {
  const isUrgent = severity === 'critical' && code === null;
  return isUrgent ? sharedText('probe.verdict.urgent') : sharedText(`probe.verdict.${severity}`);
}

function stageList({ stages }: ProbeView): HTMLElement {
  const list = element('ol', { class: 'secure-mqtt-stages' });
  list.setAttribute('aria-label', sharedText('probe.section.stages'));
  for (const { stage, outcome } of stages) {
    const words = sharedText(`probe.outcome.${outcome}`);
    const item = element(
      'li',
      { title: words },
      element('i', { class: `fa ${STAGE_ICONS[outcome]}` }),
      element('span', { text: sharedText(`probe.stage.${stage}`) }),
      element('span', { class: 'secure-mqtt-unseen', text: `: ${words}` }),
    );
    item.dataset.stage = stage;
    item.dataset.outcome = outcome;
    list.append(item);
  }
  return list;
}

function connectionFacts({ tls, clientAuth, mqtt, addresses, totalMs }: ProbeView): HTMLElement {
  const rows: [name: string, value: string][] = [];
  if (addresses.length > 0) rows.push(['address', addresses.join(', ')]);
  if (tls) {
    const parts = [tls.version, tls.cipher, tls.group, tls.alpn && `ALPN ${tls.alpn}`];
    rows.push(['tls', parts.filter(Boolean).join(', ')], ['client', clientText(clientAuth)]);
    if (clientAuth.acceptableCAs.length > 0) rows.push(['acceptable', clientAuth.acceptableCAs.join('; ')]);
  }
  rows.push(['mqtt', sharedText(`probe.mqtt.${mqtt}`)], ['time', `${Math.round(totalMs)} ms`]);
  const list = element('dl');
  for (const [name, value] of rows) {
    list.append(element('dt', { text: sharedText(`probe.fact.${name}`) }), element('dd', { text: value }));
  }
  return list;
}

function clientText({ requested, required, sent }: ProbeView['clientAuth']): string {
  if (!requested) return sharedText('probe.client.unasked');
  if (sent) return sharedText('probe.client.sent');
  return sharedText(required ? 'probe.client.missing' : 'probe.client.optional');
}

/** What other judges say; folded, because the first lines of the card are what counts. */
function verdictList({ verdicts }: ProbeView): HTMLElement | undefined {
  if (verdicts.every(({ ok }) => ok === null)) return undefined;
  const list = element('dl');
  for (const { judge, ok, message } of verdicts) {
    const words = sharedText(ok === null ? 'probe.judged.not' : ok ? 'probe.judged.ok' : 'probe.judged.refused');
    list.append(
      element('dt', { text: sharedText(`probe.judge.${judge}`) }),
      element('dd', { text: message && message !== words ? `${words}: ${message}` : words }),
    );
  }
  return element('details', {}, element('summary', { text: sharedText('probe.section.verdicts') }), list);
}

function section(title: 'chain' | 'connection', content: HTMLElement | undefined): HTMLElement | undefined {
  return content && element('div', {}, element('h5', { text: sharedText(`probe.section.${title}`) }), content);
}

function labelled(label: 'fix' | 'code', text: string): HTMLElement {
  return element(
    'p',
    {},
    element('strong', { text: `${sharedText(`probe.told.${label}`)} ` }),
    element('span', { text }),
  );
}

function remarkText(remark: Warning): HTMLElement {
  const { code, hint } = remark;
  return element(
    'p',
    { class: 'secure-mqtt-remark' },
    element('i', { class: 'fa fa-exclamation-triangle' }),
    element('span', {
      text: [sentence(messageText(remark)), hint && sentence(mendText(hint)), `(${code})`].filter(Boolean).join(' '),
    }),
  );
}

/** Messages of the package begin small and end without a period; here they stand alone. */
function sentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…。！？]$/.test(begun) ? begun : `${begun}.`;
}
