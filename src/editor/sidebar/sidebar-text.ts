import { countText, formatLocale } from '../language';

/** Where the texts of the sidebar stand: the plugin's own catalogue. */
const CATALOGUE = '@flowcerts/node-red-secure-mqtt/certificates:certificates.';

/** A text of the sidebar in the language of the editor. */
export function sidebarText(key: string, values?: Record<string, unknown>): string {
  return RED._(CATALOGUE + key, values);
}

/** What a certificate is for. @param profile a profile name, or `unknown` */
export function profileText(profile: string): string {
  return sidebarText(`profile.${profile}`);
}

/** A day without its year, for the edges of a bar. */
export function shortDayText(time: string): string {
  return new Date(time).toLocaleDateString(formatLocale(), { day: 'numeric', month: 'short' });
}

/** Day and time of day. @param time ISO 8601 */
export function momentText(time: string): string {
  return new Date(time).toLocaleString(formatLocale(), { dateStyle: 'medium', timeStyle: 'short' });
}

/** How long until the end, in words. */
export function remainingText(days: number): string {
  // Rounded down: -1 is less than a day ago.
  if (days < 0) return days === -1 ? sidebarText('days.ended') : sidebarText('days.over', { days: -days - 1 });
  if (days === 0) return sidebarText('days.today');
  return days === 1 ? sidebarText('days.one') : sidebarText('days.left', { days: countText(days) });
}
