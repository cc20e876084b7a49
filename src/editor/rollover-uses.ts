import { element } from './dom';
import { sharedText } from './text';

/** Who shows a certificate, and which node knows. */
interface Shown {
  kind: 'client' | 'connection' | 'server' | 'core' | 'served' | 'authority';
  commonName: string;
  label: string;
  place?: string;
}

/** Who still needs the key that is being replaced. */
export interface RolloverUses {
  shown: { total: number; items: Shown[] };
  /** Into which exports wrote its certificates. */
  folders: string[];
}

/** More than this is folded. */
const MOST_OPEN = 4;
const MOST_NAMES = 8;

/** Who shows a certificate of the old key right now, and which files hold one. */
export function neededKey({ shown, folders }: RolloverUses): HTMLElement[] {
  const parts: HTMLElement[] = [];
  if (shown.total === 0) parts.push(element('p', { text: sharedText('rollover.nobody-shows') }));
  else {
    const lines = shown.items.map(({ kind, commonName, label, place = '' }) => {
      return sharedText(`rollover.${kind}`, { name: commonName, label, place });
    });
    const more = shown.total - lines.length;
    if (more > 0) lines.push(sharedText('rollover.more', { count: more }));
    const list = element('ul', {}, ...lines.map((text) => element('li', { text })));
    const title = element('summary', { text: sharedText('rollover.shows', { count: shown.total }) });
    const details = element('details', {}, title, list);
    details.open = shown.total <= MOST_OPEN;
    parts.push(details);
  }
  if (folders.length > 0)
    parts.push(element('p', { text: sharedText('rollover.written', { places: folders.join(', ') }) }));
  return parts;
}

/** What retiring the old key would do now. */
export function lockedOut({ waiting, names }: { waiting: number; names: readonly string[] }): HTMLElement {
  if (waiting === 0) return element('p', { text: sharedText('rollover.locks-out-nobody') });
  const shown = names.slice(0, MOST_NAMES).join(', ');
  const text = sharedText('rollover.locks-out', {
    count: waiting,
    names: names.length > MOST_NAMES ? `${shown}, …` : shown,
  });
  return element('p', { class: 'secure-mqtt-wrong', text });
}
