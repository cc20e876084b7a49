import { AdminRefusal, askAdmin } from './admin-client';
import { runsNow } from './deployed-node';
import type { DialogForm } from './dialog-form';
import { dateText } from './language';
import { sharedText } from './text';

/** What the route `authorities/<id>/servers` answers. */
interface IssuedServers {
  match: { commonName: string; serialNumber: string; notAfter: string } | null;
  names: string[];
}

/** Somebody who types should not make a request with every letter. */
const PAUSE_MS = 250;

const FIELDS = [
  'broker',
  'brokerType',
  'servername',
  'servernameType',
  'ca',
  'trust',
  'verifyServer',
  'verifyHostname',
];

/**
 * Say under the server name whether the chosen CA has issued a certificate that will stand the comparison; before
 * anything is connected, and also for a broker that is not there yet.
 */
export function verificationHint(form: DialogForm, place: JQuery): void {
  let asked = '';
  let timer: ReturnType<typeof setTimeout> | undefined;
  place.attr('aria-live', 'polite').prop('hidden', true);
  form.watch(FIELDS, () => {
    const question = questionOf(form);
    if (question === asked) return;
    asked = question;
    clearTimeout(timer);
    place.prop('hidden', true);
    if (question === '') return;
    timer = setTimeout(() => {
      void answerTo(question).then((text) => {
        // Another question may have been asked meanwhile.
        if (question === asked && text) place.text(text).prop('hidden', false);
      });
    }, PAUSE_MS);
  });
}

/** The path of the route; empty when there is nothing to ask: no CA of ours, no name that the browser knows. */
function questionOf(form: DialogForm): string {
  const names = form.value('servername').trim() !== '' ? 'servername' : 'broker';
  const host = form.value(names).trim();
  const isKnown = form.value(`${names}Type`) !== 'env' && host !== '' && !host.startsWith('${');
  const judges = form.value('verifyServer') === 'true' && form.value('verifyHostname') === 'true';
  const ca = form.value('ca');
  if (form.value('trust') !== 'ca' || !runsNow(ca) || !isKnown || !judges) return '';
  return `authorities/${encodeURIComponent(ca)}/servers/${encodeURIComponent(host)}`;
}

async function answerTo(path: string): Promise<string> {
  const host = decodeURIComponent(path.slice(path.lastIndexOf('/') + 1));
  try {
    const { match, names } = await askAdmin<IssuedServers>(path);
    if (match) {
      const date = dateText(match.notAfter);
      return sharedText('servers.match', { host, date });
    }
    return names.length > 0
      ? sharedText('servers.others', { host, names: names.join(', ') })
      : sharedText('servers.none', { host });
  } catch (error) {
    // A CA that was not deployed yet has issued nothing; whoever needs the reason opens its dialog.
    if (!(error instanceof AdminRefusal)) throw error;
    return '';
  }
}
