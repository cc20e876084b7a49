import { AdminRefusal, askAdmin, downloadFromAdmin, refusalText } from './admin-client';
import type { DialogForm } from './dialog-form';
import { button } from './dom';
import { sharedText } from './text';

/** What the route `authorities/<id>/names` answers: common names of valid certificates, newest first. */
interface KnownNames {
  names: string[];
  total: number;
}

const SHOWN_NAMES = 8;

/**
 * The part of the export dialog that downloads what the deployed node would write.
 *
 * @param id of the export node
 * @param authorityId the CA whose names are offered
 */
export function zipDownload(form: DialogForm, id: string, authorityId: string): void {
  const names = form.part('zip-names');
  const wanted = (): string[] =>
    String(names.val())
      .split(/[,\n]/)
      .map((name) => name.trim())
      .filter((name) => name !== '');
  form.part('zip-button').append(
    button(sharedText('zip.download'), 'fa-download', () => {
      void download(id, wanted());
    }),
  );
  void offerNames(form, authorityId);
}

async function download(id: string, names: string[]): Promise<void> {
  try {
    await downloadFromAdmin(`exports/${encodeURIComponent(id)}/zip`, 'certificates.zip', {
      method: 'POST',
      body: { payload: names },
    });
  } catch (error) {
    if (!(error instanceof AdminRefusal)) throw error;
    RED.notify(refusalText(error.refusal), 'error');
  }
}

async function offerNames(form: DialogForm, authorityId: string): Promise<void> {
  const place = form.part('zip-known');
  try {
    const known = await askAdmin<KnownNames>(`authorities/${encodeURIComponent(authorityId)}/names`);
    const shown = known.names.slice(0, SHOWN_NAMES).join(', ');
    const more = known.total - Math.min(known.names.length, SHOWN_NAMES);
    const list = more > 0 ? sharedText('zip.more', { names: shown, count: more }) : shown;
    place.text(known.total > 0 ? sharedText('zip.known', { names: list }) : sharedText('zip.none'));
  } catch (error) {
    if (!(error instanceof AdminRefusal)) throw error;
    // The download says the same when it is tried; here it would only be in the way.
    place.text('');
  }
}
