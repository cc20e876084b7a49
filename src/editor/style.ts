import { COMPATIBILITY_STYLE } from './compatibility-style';
import { PROBE_STYLE } from './probe-style';

const ID = 'secure-mqtt-style';

/**
 * Looks of the dialogs. Every colour is a variable of the editor's theme, so they follow light, dark and other themes.
 * A row is a label and what belongs to it; a tip stands under the field it explains. The editor makes a dialog as wide as
 * its content would like to be, which for a long tip is one long line: the form says itself how wide it likes to be.
 */
const STYLE = `
.secure-mqtt-form { --secure-mqtt-label: 138px; --secure-mqtt-gap: 10px; contain: inline-size; contain-intrinsic-inline-size: 640px; }
.secure-mqtt-form [hidden] { display: none !important; }
.secure-mqtt-form .form-row { display: flex; flex-wrap: wrap; align-items: center; column-gap: var(--secure-mqtt-gap); margin-bottom: 12px; }
.secure-mqtt-form .form-row > label { flex: 0 0 var(--secure-mqtt-label); width: var(--secure-mqtt-label); margin: 0; line-height: 1.3; overflow-wrap: anywhere; }
.secure-mqtt-form .form-row > label > i { width: 16px; text-align: center; }
.secure-mqtt-form .form-row > input[type="text"], .secure-mqtt-form .form-row > input[type="password"], .secure-mqtt-form .form-row > select,
.secure-mqtt-form .form-row > textarea, .secure-mqtt-form .form-row > .red-ui-typedInput-container { flex: 1 1 0; width: auto !important; min-width: 0; margin: 0; }
.secure-mqtt-form .form-row > div[style*="inline-flex"] { flex: 1 1 0; width: auto !important; min-width: 0; }
.secure-mqtt-form .form-row > div[style*="inline-flex"] > select { min-width: 0; }
.secure-mqtt-form .form-row > input[type="number"], .secure-mqtt-form .form-row > input.secure-mqtt-short, .secure-mqtt-form .form-row > select.secure-mqtt-short { flex: 0 0 110px; width: 110px !important; margin: 0; }
.secure-mqtt-form .form-row > .secure-mqtt-unit { flex: 1 1 0; color: var(--red-ui-secondary-text-color); min-width: 60px; }
.secure-mqtt-form .form-row > label.secure-mqtt-second { flex: 0 0 auto; width: auto; }
.secure-mqtt-form .form-row > .secure-mqtt-after { flex: 0 0 auto; color: var(--red-ui-secondary-text-color); }
.secure-mqtt-form .form-row > input.secure-mqtt-narrow { flex: 0 0 60px; }
.secure-mqtt-form .form-row > .secure-mqtt-under { flex: 1 0 100%; box-sizing: border-box; padding-left: calc(var(--secure-mqtt-label) + var(--secure-mqtt-gap)); margin-top: 8px; }
.secure-mqtt-form .form-row.secure-mqtt-top { align-items: flex-start; }
.secure-mqtt-form .form-row.secure-mqtt-top > label { padding-top: 7px; }
.secure-mqtt-form .secure-mqtt-checks { flex: 1 1 0; min-width: 0; }
.secure-mqtt-form .secure-mqtt-checks label { display: flex; align-items: flex-start; gap: 8px; width: auto; margin: 0 0 4px; line-height: 1.4; cursor: pointer; }
.secure-mqtt-form .secure-mqtt-checks label:last-of-type { margin-bottom: 0; }
.secure-mqtt-form .secure-mqtt-checks input[type="checkbox"] { flex: 0 0 auto; width: 15px; height: 15px; margin: 2px 0 0; }
.secure-mqtt-form textarea { font-family: var(--red-ui-monospace-font); font-size: 12px; line-height: 1.4; resize: vertical; min-height: 70px; box-sizing: border-box; }
.secure-mqtt-tip, .secure-mqtt-alert { flex: 1 0 100%; box-sizing: border-box; padding-left: calc(var(--secure-mqtt-label) + var(--secure-mqtt-gap)); margin-top: 4px; font-size: 12px; line-height: 1.45; color: var(--red-ui-secondary-text-color); }
.secure-mqtt-alert { color: var(--red-ui-text-color-error); }
.secure-mqtt-tip.secure-mqtt-flush { padding-left: 0; margin: 0 0 10px; }
.secure-mqtt-tip code, .secure-mqtt-alert code { font-size: 11px; color: inherit; }
.secure-mqtt-form .secure-mqtt-checks code { padding: 0; font-size: 12.5px; color: inherit; }
.secure-mqtt-form .secure-mqtt-tabs { display: block; margin-bottom: 16px; }
.secure-mqtt-mistake { flex: 0 0 8px; display: inline-block; width: 8px; height: 8px; margin-left: 6px; border-radius: 50%; background: var(--red-ui-text-color-error); }
.secure-mqtt-section { margin: 0 0 6px; border-top: 1px solid var(--red-ui-secondary-border-color); }
.secure-mqtt-section-heading { display: flex; align-items: center; gap: 8px; width: 100%; padding: 9px 0; margin: 0; border: 0; background: none; color: var(--red-ui-primary-text-color); font-family: inherit; font-size: 14px; font-weight: 600; text-align: left; cursor: pointer; }
.secure-mqtt-section-heading:focus-visible { outline: 2px solid var(--red-ui-form-input-focus-color); outline-offset: -2px; }
.secure-mqtt-section-heading > i { width: 12px; font-size: 11px; line-height: 1; transition: transform 0.12s; color: var(--red-ui-secondary-text-color); }
.secure-mqtt-section-heading > .secure-mqtt-summary { margin-left: auto; padding-left: 12px; font-weight: normal; font-size: 12px; color: var(--red-ui-secondary-text-color); overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.secure-mqtt-section-open > .secure-mqtt-section-heading > i { transform: rotate(90deg); }
.secure-mqtt-section-body { padding: 4px 0 2px; }
.secure-mqtt-card { margin: 0 0 14px; padding: 12px 14px; border: 1px solid var(--red-ui-secondary-border-color); border-left-width: 3px; border-radius: 4px; background: var(--red-ui-secondary-background); color: var(--red-ui-primary-text-color); }
.secure-mqtt-card[data-state="living"] { border-left-color: var(--red-ui-border-color-success); }
.secure-mqtt-card[data-state="failed"] { border-left-color: var(--red-ui-border-color-error); }
.secure-mqtt-card h4 { margin: 0 0 6px; font-size: 14px; line-height: 1.4; font-weight: 600; }
.secure-mqtt-card p { margin: 0 0 6px; line-height: 1.45; }
.secure-mqtt-card dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 4px 14px; margin: 0 0 10px; line-height: 1.45; }
.secure-mqtt-card dt { font-weight: normal; color: var(--red-ui-secondary-text-color); }
.secure-mqtt-card dd { margin: 0; overflow-wrap: anywhere; user-select: text; }
.secure-mqtt-card dd.secure-mqtt-code { font-family: var(--red-ui-monospace-font); font-size: 11.5px; }
.secure-mqtt-buttons { display: flex; flex-wrap: wrap; gap: 8px; align-items: center; }
.secure-mqtt-buttons > .red-ui-button { white-space: nowrap; }
.secure-mqtt-forget { margin-top: 12px; padding-top: 10px; border-top: 1px solid var(--red-ui-secondary-border-color); }
.secure-mqtt-rollover { margin-top: 12px; padding-top: 10px; border-top: 1px solid var(--red-ui-secondary-border-color); }
.secure-mqtt-rollover p { margin-bottom: 8px; }
.secure-mqtt-rollover ul { margin: 4px 0 0 18px; }
.secure-mqtt-rollover details { margin-bottom: 8px; line-height: 1.45; overflow-wrap: anywhere; }
.secure-mqtt-rollover summary { cursor: pointer; }
.secure-mqtt-rollover select { width: auto !important; max-width: 100%; margin: 0; }
.secure-mqtt-rollover input { width: 250px !important; margin: 0; }
.secure-mqtt-keeping { margin-top: 12px; padding-top: 10px; border-top: 1px solid var(--red-ui-secondary-border-color); }
.secure-mqtt-keeping input { width: 170px !important; }
.secure-mqtt-note { margin: 8px 0 0 !important; }
.secure-mqtt-wrong { color: var(--red-ui-text-color-error); }
.secure-mqtt-findings { margin: 0 0 10px; line-height: 1.45; }
.secure-mqtt-findings > summary { cursor: pointer; font-weight: 600; }
.secure-mqtt-findings ul { margin: 6px 0 0 18px; }
.secure-mqtt-findings li { margin-bottom: 4px; overflow-wrap: anywhere; }
.secure-mqtt-findings code { font-size: 11px; }
.secure-mqtt-forget input { width: 220px; margin: 0; }
.secure-mqtt-list { flex: 1 1 0; min-width: 0; }
.secure-mqtt-list .red-ui-editableList-container { padding: 2px; }
.secure-mqtt-list .red-ui-editableList-container li { padding: 5px 4px; }
.secure-mqtt-list .red-ui-editableList-item-content { display: flex; gap: 8px; align-items: center; }
.secure-mqtt-list .red-ui-editableList-item-content > select { flex: 0 0 112px; width: 112px; margin: 0; }
.secure-mqtt-list .red-ui-editableList-item-content > input { flex: 1 1 0; min-width: 0; width: auto; margin: 0; }
.secure-mqtt-form .secure-mqtt-core-remark { margin: -2px 0 8px 23px; font-size: 12px; line-height: 1.45; color: var(--red-ui-secondary-text-color); }
.secure-mqtt-form .secure-mqtt-core-remark.secure-mqtt-core-wrong { color: var(--red-ui-text-color-error); }
.secure-mqtt-form .secure-mqtt-core-create { margin-top: 14px; }
.secure-mqtt-secret { flex: 1 1 0; min-width: 0; }
.secure-mqtt-secret textarea { width: 100%; }
.secure-mqtt-secret > span { margin-right: 10px; }
`;

/** Put the style sheet into the page once, whichever dialog opens first. */
export function addStyle(): void {
  if (document.getElementById(ID)) return;
  const style = document.createElement('style');
  style.id = ID;
  style.textContent = STYLE + PROBE_STYLE + COMPATIBILITY_STYLE;
  document.head.append(style);
}
