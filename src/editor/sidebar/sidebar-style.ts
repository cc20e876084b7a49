import { addStyle } from '../style';
import { ROW_HEIGHT } from './virtual-grid';

const ID = 'secure-mqtt-sidebar-style';

/**
 * Looks of the sidebar. Every colour is a variable of the editor's theme. What is narrow and what is wide is measured by
 * the sidebar itself, not by the window.
 */
const STYLE = `
.secure-mqtt-certificates { container-type: size; position: relative; height: 100%; overflow: hidden; color: var(--red-ui-primary-text-color); background: var(--red-ui-secondary-background); }
.secure-mqtt-scroll { display: flex; flex-direction: column; height: 100%; overflow-y: auto; overflow-x: hidden; }
.secure-mqtt-certificates [hidden] { display: none !important; }
.secure-mqtt-certificates p { margin: 0 0 4px; line-height: 1.4; overflow-wrap: anywhere; }
.secure-mqtt-certificates h4, .secure-mqtt-certificates h5 { margin: 0; line-height: 1.4; font-weight: 600; }
.secure-mqtt-certificates h4 { font-size: 14px; }
.secure-mqtt-certificates h5 { margin: 10px 0 4px; font-size: 13px; }
.secure-mqtt-overview { flex: 0 0 auto; }
.secure-mqtt-overview > p, .secure-mqtt-help { margin: 0; padding: 8px 10px; border-bottom: 1px solid var(--red-ui-secondary-border-color); }
.secure-mqtt-help { font-size: 12px; background: var(--red-ui-form-tips-background); }
.secure-mqtt-good { color: var(--red-ui-text-color-success); }
.secure-mqtt-warn { color: var(--red-ui-text-color-warning); }
.secure-mqtt-bad { color: var(--red-ui-text-color-error); }
.secure-mqtt-faint { color: var(--red-ui-secondary-text-color); font-size: 12px; }
.secure-mqtt-strong { font-weight: 600; }
.secure-mqtt-certificates .secure-mqtt-code { font-family: var(--red-ui-monospace-font); font-size: 11.5px; }
.secure-mqtt-certificates .red-ui-button:disabled { opacity: 0.5; cursor: default; }
.secure-mqtt-certificates .secure-mqtt-link { max-width: 100%; padding: 0; border: 0; background: none; color: var(--red-ui-text-color-link); font-family: inherit; font-size: 12.5px; line-height: 1.4; text-align: left; overflow-wrap: anywhere; cursor: pointer; }
.secure-mqtt-certificates .secure-mqtt-link:hover { text-decoration: underline; }
.secure-mqtt-certificates button:focus-visible, .secure-mqtt-certificates .secure-mqtt-grid:focus-visible:not([aria-activedescendant]), .secure-mqtt-details:focus-visible { outline: 2px solid var(--red-ui-form-input-focus-color); outline-offset: -2px; }
.secure-mqtt-authorities { max-height: 260px; overflow-y: auto; }
.secure-mqtt-authority { border-bottom: 1px solid var(--red-ui-secondary-border-color); border-left: 3px solid var(--red-ui-secondary-border-color); }
.secure-mqtt-authority[data-state="ready"] { border-left-color: var(--red-ui-border-color-success); }
.secure-mqtt-authority[data-state="failed"] { border-left-color: var(--red-ui-border-color-error); }
.secure-mqtt-certificates .secure-mqtt-authority-line { display: flex; align-items: baseline; gap: 6px; width: 100%; padding: 7px 10px; border: 0; background: none; color: inherit; font-family: inherit; font-size: 14px; text-align: left; cursor: pointer; }
.secure-mqtt-authority-line > i:first-child { width: 10px; font-size: 10px; transition: transform 0.12s; }
.secure-mqtt-authority-line[aria-expanded="true"] > i:first-child { transform: rotate(90deg); }
.secure-mqtt-authority-line > span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.secure-mqtt-authority-line > span:last-child { flex: 0 1 auto; margin-left: auto; font-size: 12px; }
.secure-mqtt-authority-line > span.secure-mqtt-strong { flex: 0 1 auto; min-width: 40%; }
.secure-mqtt-authority-body { padding: 0 10px 8px 26px; font-size: 12px; }
.secure-mqtt-authority-body > .secure-mqtt-buttons { margin: 6px 0; }
.secure-mqtt-certificates .secure-mqtt-buttons .red-ui-button { height: 26px; padding: 0 8px; line-height: 24px; font-size: 12px; }
.secure-mqtt-bars { display: flex; gap: 2px; height: 74px; padding: 6px 10px 4px; border-bottom: 1px solid var(--red-ui-secondary-border-color); }
.secure-mqtt-certificates .secure-mqtt-bar { display: flex; flex: 1 1 0; flex-direction: column; min-width: 0; padding: 0; border: 0; border-radius: 3px; background: none; color: var(--red-ui-primary-text-color); font-family: inherit; font-size: 10px; line-height: 14px; cursor: pointer; }
.secure-mqtt-certificates .secure-mqtt-bar:hover:not(:disabled) { background: var(--red-ui-secondary-background-hover); }
.secure-mqtt-certificates .secure-mqtt-bar[aria-pressed="true"] { background: var(--red-ui-secondary-background-selected); box-shadow: inset 0 0 0 1px var(--red-ui-form-input-focus-color); }
.secure-mqtt-certificates .secure-mqtt-bar:disabled { cursor: default; }
.secure-mqtt-bar-count, .secure-mqtt-bar-edge { display: flex; flex: 0 0 14px; justify-content: center; white-space: nowrap; }
.secure-mqtt-bar-count { font-size: 9px; }
.secure-mqtt-bar-edge { color: var(--red-ui-secondary-text-color); }
.secure-mqtt-bar-room { display: flex; flex: 1 1 0; align-items: flex-end; margin: 0 2px; border-bottom: 1px solid var(--red-ui-secondary-border-color); }
.secure-mqtt-bar-room > .secure-mqtt-bar-fill { width: 100%; border-radius: 2px 2px 0 0; }
.secure-mqtt-bar-fine { background: var(--red-ui-border-color-success); }
.secure-mqtt-bar-due { background: var(--red-ui-border-color-warning); }
.secure-mqtt-bar-over { background: var(--red-ui-border-color-error); }
.secure-mqtt-middle { display: flex; flex: 1 1 0; flex-direction: column; min-height: 260px; }
.secure-mqtt-filter { display: grid; grid-template-columns: 1fr 1fr; gap: 6px; padding: 8px 10px 4px; }
.secure-mqtt-filter > input { grid-column: 1 / -1; }
.secure-mqtt-certificates input:is([type="search"], [type="text"], [type="password"]), .secure-mqtt-certificates select { box-sizing: border-box; width: 100%; min-width: 0; height: 30px; margin: 0; padding: 2px 6px; font-size: 13px; line-height: 1.4; }
.secure-mqtt-count { padding: 2px 10px 4px; font-size: 12px; color: var(--red-ui-secondary-text-color); }
.secure-mqtt-empty { padding: 14px 12px; }
.secure-mqtt-empty p { margin-bottom: 10px; }
.secure-mqtt-grid { display: flex; flex: 1 1 0; flex-direction: column; min-height: 0; border-top: 1px solid var(--red-ui-secondary-border-color); outline: none; }
.secure-mqtt-grid-head { flex: 0 0 auto; border-bottom: 1px solid var(--red-ui-secondary-border-color); scrollbar-gutter: stable; overflow: hidden; }
.secure-mqtt-grid-head button { padding: 4px 0; border: 0; background: none; color: var(--red-ui-secondary-text-color); font-family: inherit; font-size: 12px; cursor: pointer; }
.secure-mqtt-grid-head i { width: 12px; text-align: center; }
.secure-mqtt-grid-body { flex: 1 1 0; min-height: 0; overflow-y: auto; scrollbar-gutter: stable; background: var(--red-ui-list-item-background); }
.secure-mqtt-grid-space { position: relative; }
.secure-mqtt-grid-head, .secure-mqtt-grid-row { display: grid; grid-template-columns: minmax(0, 1fr) 104px; align-items: center; column-gap: 10px; padding: 0 10px; box-sizing: border-box; }
.secure-mqtt-grid-row { position: absolute; left: 0; right: 0; height: ${ROW_HEIGHT}px; border-bottom: 1px solid var(--red-ui-secondary-border-color); color: var(--red-ui-list-item-color); cursor: pointer; }
.secure-mqtt-grid-row:hover { background: var(--red-ui-list-item-background-hover); }
.secure-mqtt-grid-row[aria-selected="true"] { background: var(--red-ui-list-item-background-selected); box-shadow: inset 3px 0 0 var(--red-ui-list-item-border-selected); }
.secure-mqtt-grid:focus-visible .secure-mqtt-grid-row[aria-selected="true"] { outline: 2px solid var(--red-ui-form-input-focus-color); outline-offset: -2px; }
.secure-mqtt-cell { min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.secure-mqtt-cell-profile, .secure-mqtt-cell-serial { display: none; }
.secure-mqtt-grid-row > .secure-mqtt-cell-name { display: flex; align-items: center; gap: 8px; }
.secure-mqtt-cell-name > i { flex: 0 0 14px; text-align: center; }
.secure-mqtt-two { display: flex; flex: 1 1 0; flex-direction: column; min-width: 0; line-height: 1.3; }
.secure-mqtt-two > span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.secure-mqtt-grid-row .secure-mqtt-faint { font-size: 11px; }
.secure-mqtt-cell code { padding: 0; border: 0; background: none; color: inherit; font-size: 11.5px; }
.secure-mqtt-details { position: absolute; inset: 0; overflow-y: auto; padding: 8px 10px 12px; background: var(--red-ui-secondary-background); }
.secure-mqtt-details-head { margin-bottom: 6px; }
.secure-mqtt-details-head > h4 { margin-top: 8px; font-size: 16px; overflow-wrap: anywhere; }
.secure-mqtt-details dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 3px 12px; margin: 0; line-height: 1.4; font-size: 12.5px; }
.secure-mqtt-details dt { font-weight: normal; color: var(--red-ui-secondary-text-color); }
.secure-mqtt-details dd { margin: 0; overflow-wrap: anywhere; user-select: text; }
.secure-mqtt-certificates .secure-mqtt-uses { margin: 0 0 4px; padding: 0; list-style: none; }
.secure-mqtt-certificates .secure-mqtt-uses > li { margin: 0 0 4px; line-height: 1.4; }
.secure-mqtt-actions { display: flex; flex-direction: column; gap: 8px; margin: 10px 0; padding: 10px 0; border-block: 1px solid var(--red-ui-secondary-border-color); }
.secure-mqtt-actions .secure-mqtt-refusal { color: var(--red-ui-text-color-error); }
.secure-mqtt-form-card { padding: 10px; border: 1px solid var(--red-ui-secondary-border-color); border-radius: 4px; background: var(--red-ui-form-background); }
.secure-mqtt-form-card label { margin: 6px 0 2px; font-size: 12px; }
.secure-mqtt-form-card .secure-mqtt-buttons { margin-top: 10px; }
@container (max-width: 239px) {
  .secure-mqtt-filter { grid-template-columns: minmax(0, 1fr); }
  .secure-mqtt-bar:nth-child(even) > .secure-mqtt-bar-edge { visibility: hidden; }
  .secure-mqtt-authority-line > span:last-child { display: none; }
  .secure-mqtt-grid-row { grid-template-columns: minmax(0, 1fr); align-content: center; row-gap: 1px; line-height: 1.25; }
  .secure-mqtt-grid-row > .secure-mqtt-cell-until { padding-left: 22px; font-size: 12px; }
  .secure-mqtt-grid-row .secure-mqtt-faint { display: none; }
  .secure-mqtt-details dl { grid-template-columns: minmax(0, 1fr); gap: 0; }
  .secure-mqtt-details dd { margin-bottom: 5px; }
}
@container (max-height: 480px) {
  .secure-mqtt-authorities:not(:has([aria-expanded="true"])) { max-height: 88px; }
  .secure-mqtt-certificates .secure-mqtt-authority-line { padding: 3px 10px; font-size: 13px; }
  .secure-mqtt-bars { height: 54px; padding: 2px 10px; }
  .secure-mqtt-filter { grid-template-columns: minmax(0, 1.3fr) repeat(auto-fit, minmax(76px, 1fr)); gap: 4px; padding: 4px 10px 2px; }
  .secure-mqtt-filter > input { grid-column: auto; }
  .secure-mqtt-filter > [data-field="withinDays"]:has(option[value=""]:checked) { display: none; }
  .secure-mqtt-middle { min-height: 210px; }
}
@container (min-width: 540px) {
  .secure-mqtt-grid-head, .secure-mqtt-grid-row { grid-template-columns: minmax(0, 1fr) 110px 100px 120px; }
  .secure-mqtt-cell-profile, .secure-mqtt-cell-serial { display: block; }
  .secure-mqtt-narrow-only { display: none; }
  .secure-mqtt-filter { grid-template-columns: minmax(0, 2fr) repeat(auto-fit, minmax(110px, 1fr)); }
  .secure-mqtt-filter > input { grid-column: auto; }
  .secure-mqtt-authorities { display: grid; grid-template-columns: repeat(auto-fill, minmax(260px, 1fr)); }
}
`;

/** Put the style sheets into the page once; buttons and cards look as in the dialogs. */
export function addSidebarStyle(): void {
  addStyle();
  if (document.getElementById(ID)) return;
  const style = document.createElement('style');
  style.id = ID;
  style.textContent = STYLE;
  document.head.append(style);
}
