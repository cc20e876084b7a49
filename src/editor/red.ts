import type { EditorNodeDef, EditorRED } from 'node-red';

/**
 * The editor's API as these nodes use it.
 *
 * `@types/node-red` knows no validator messages, labels of properties, or filters of config node selectors (Node-RED 3
 * and later), and lets a definition leave properties out. Here `defaults` must hold every property of the node's
 * configuration type with a value of its type, so a forgotten or misspelt one does not compile.
 */

/**
 * A node while it is edited: its stored properties and the translations of its own catalogue. Properties may be missing:
 * a new config node has only those with a default that is not empty, and one of an older flow those of its time.
 */
export type EditedNode<Config> = Partial<Config> & {
  readonly id: string;
  readonly type: string;
  credentials?: Record<string, unknown>;
  _(key: string, values?: Record<string, unknown>): string;
};

/** True, or the reason why the value is not acceptable. A string is shown as the reason only by a function of two parameters. */
export type Validator<Config> = (
  this: EditedNode<Config>,
  value: unknown,
  options: { label?: string } | undefined,
) => boolean | string;

interface Property<Value, Config> {
  value: Value;
  /** The type of the config node that this property points to. */
  type?: string;
  required?: boolean;
  /** The name of the field in messages about it. */
  label?: string;
  validate?: Validator<Config>;
}

/** `outputs` is kept by the editor itself and known to no runtime. */
type Defaults<Config> = { [Name in keyof Config]-?: Property<Config[Name], Config> } & {
  outputs?: Property<number, Config>;
};

type InheritedKeys = 'category' | 'color' | 'inputs' | 'outputs' | 'icon' | 'align';

export interface NodeDefinition<Config, Credentials> extends Pick<EditorNodeDef, InheritedKeys> {
  defaults: Defaults<Config>;
  credentials?: { [Name in keyof Credentials]-?: { type: 'password' } };
  paletteLabel?: string | ((this: { _(key: string): string }) => string);
  label: (this: EditedNode<Config>) => string;
  labelStyle?: (this: EditedNode<Config>) => string;
  inputLabels?: (this: EditedNode<Config>) => string;
  outputLabels?: (this: EditedNode<Config>, index: number) => string;
  oneditprepare?: (this: EditedNode<Config>) => void;
  oneditsave?: (this: EditedNode<Config>) => void;
  oneditcancel?: (this: EditedNode<Config>) => void;
  oneditresize?: (this: EditedNode<Config>, size: { width: number; height: number }) => void;
}

/** A tab of the sidebar; Node-RED tells it when it comes into sight. */
type SidebarTab = Parameters<EditorRED['sidebar']['addTab']>[0] & { onchange?(): void };

export interface EditorApi extends Omit<EditorRED, 'nodes' | '_' | 'tabs' | 'sidebar' | 'comms'> {
  _(key: string, values?: Record<string, unknown>): string;
  /** `lang` is the one the editor is shown in, as BCP 47. */
  i18n: { lang(): string };
  nodes: Omit<EditorRED['nodes'], 'registerType' | 'node'> & {
    registerType<Config, Credentials = Record<never, never>>(
      type: string,
      definition: NodeDefinition<Config, Credentials>,
    ): void;
    node(id: string): EditedNode<Record<string, unknown>> | null | undefined;
  };
  sidebar: Omit<EditorRED['sidebar'], 'addTab'> & { addTab(tab: SidebarTab): void };
  comms: EditorRED['comms'] & {
    /** Also after the connection was lost. */
    on(event: 'connect', listener: () => void): void;
  };
  tabs: {
    create(options: { id: string; onchange(tab: { id: string }): void }): {
      addTab(tab: { id: string; label: string }): void;
      resize(): void;
      activateTab(id: string): void;
    };
  };
}

declare global {
  /** The editor's API, global in every node page. */
  const RED: EditorApi;
}
