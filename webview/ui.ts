import {
  provideVSCodeDesignSystem,
  vsCodeButton,
  vsCodeCheckbox,
  vsCodeRadio,
  vsCodeRadioGroup,
  vsCodeTag,
  vsCodeTextField,
} from '@vscode/webview-ui-toolkit';
import { type Attributes, type Child, h, setAttribute, setText, uniqueId } from './dom';

/**
 * The only module that names tags of @vscode/webview-ui-toolkit. The toolkit is archived; whoever replaces it changes
 * this file. It also fills the toolkit's accessibility gaps: its controls take no name from `<label for>`, and an error
 * outside the shadow root cannot describe the input inside, so names and errors go into `aria-label`.
 */

provideVSCodeDesignSystem().register(
  vsCodeButton(),
  vsCodeCheckbox(),
  vsCodeRadio(),
  vsCodeRadioGroup(),
  vsCodeTag(),
  vsCodeTextField(),
);

interface ToggleElement extends HTMLElement {
  checked: boolean;
  disabled: boolean;
}
interface ValueElement extends HTMLElement {
  value: string;
  disabled: boolean;
}

export type ButtonLook = 'primary' | 'secondary';

export interface Button {
  readonly element: HTMLElement;
  setDisabled(disabled: boolean): void;
  setText(text: string): void;
}

/** `name` is for the screen reader where the visible text alone does not say what it acts on. */
export function button(
  text: string,
  onClick: () => void,
  options: {
    readonly look?: ButtonLook;
    readonly name?: string;
    readonly data?: Readonly<Record<string, string>>;
  } = {},
): Button {
  const attributes: Record<string, unknown> = { appearance: options.look ?? 'secondary', 'aria-label': options.name };
  for (const [key, value] of Object.entries(options.data ?? {})) attributes[`data-${key}`] = value;
  const element = h('vscode-button', { ...attributes, on: { click: () => onClick() } }, text) as ToggleElement;
  return {
    element,
    setDisabled(disabled) {
      if (element.disabled !== disabled) element.disabled = disabled;
    },
    // Text must be a direct child: the toolkit sizes a slotted span as an icon.
    setText: (next) => setText(element, next),
  };
}

/** A plain button that looks like a link or a row; no toolkit tag, but styled in one place. */
export function plainButton(attributes: Attributes, onClick: () => void, ...children: Child[]): HTMLButtonElement {
  return h('button', { type: 'button', ...attributes, on: { click: () => onClick() } }, ...children);
}

export interface RadioOption {
  readonly id: string;
  readonly content: Child;
}

export interface RadioGroup {
  readonly element: HTMLElement;
  value(): string | null;
  /** Does not call onChange. */
  select(id: string | null): void;
  setDisabled(disabled: boolean): void;
}

export function radioGroup(
  name: string,
  options: readonly RadioOption[],
  onChange: (id: string) => void,
  layout: { readonly class?: string } = {},
): RadioGroup {
  let selected: string | null = null;
  const radios = options.map((option) => {
    const radio = h('vscode-radio', { value: option.id, 'data-option': option.id }, option.content) as ToggleElement;
    radio.addEventListener('change', (event) => {
      event.stopPropagation();
      if (!radio.checked || selected === option.id) return;
      selected = option.id;
      onChange(option.id);
    });
    return { id: option.id, radio };
  });
  const element = h(
    'vscode-radio-group',
    { class: layout.class, 'aria-label': name, orientation: 'vertical' },
    radios.map(({ radio }) => radio),
  ) as ValueElement;
  return {
    element,
    value: () => selected,
    select(id) {
      if (id === selected) return;
      selected = id;
      // The group checks its radios by value once it is connected; before that the attribute does.
      if (id === null) element.value = '';
      else if (element.isConnected) element.value = id;
      else element.setAttribute('value', id);
      for (const { id: own, radio } of radios) if (radio.checked !== (own === id)) radio.checked = own === id;
    },
    setDisabled(disabled) {
      for (const { radio } of radios) if (radio.disabled !== disabled) radio.disabled = disabled;
    },
  };
}

export interface Checkbox {
  readonly element: HTMLElement;
  checked(): boolean;
}

export function checkbox(id: string, content: Child, checked: boolean, onChange: () => void): Checkbox {
  const element = h(
    'vscode-checkbox',
    { 'data-option': id, on: { change: () => onChange() } },
    content,
  ) as ToggleElement;
  element.checked = checked;
  return { element, checked: () => element.checked };
}

export interface TextField {
  readonly element: HTMLElement;
  value(): string;
  setValue(value: string): void;
  setError(error: string | null): void;
  setDisabled(disabled: boolean): void;
  focus(): void;
}

/** A field with a visible label above, a hint below, and its error in place of the hint. */
export function numberField(options: {
  readonly name: string;
  readonly label: string;
  readonly hint: string;
  readonly onInput: () => void;
  readonly onEnter: () => void;
}): TextField {
  const input = h('vscode-text-field', {
    'data-field': options.name,
    'aria-label': `${options.label}. ${options.hint}`,
    inputmode: 'numeric',
    on: {
      input: () => options.onInput(),
      keydown: (event) => {
        if ((event as KeyboardEvent).key === 'Enter') options.onEnter();
      },
    },
  }) as ValueElement;
  const id = uniqueId('field');
  const note = h('span', { class: 'field-note', id }, options.hint);
  const error = h('span', { class: 'field-error', role: 'alert' });
  const element = h(
    'div',
    { class: 'field' },
    h('span', { class: 'field-label', 'aria-hidden': 'true' }, options.label),
    input,
    note,
    error,
  );
  return {
    element,
    value: () => input.value ?? '',
    setValue(value) {
      if (input.value !== value) input.value = value;
    },
    setError(text) {
      setText(error, text === null ? '' : text);
      setAttribute(input, 'aria-invalid', text === null ? null : 'true');
      setAttribute(input, 'aria-label', `${options.label}. ${text ?? options.hint}`);
      element.classList.toggle('invalid', text !== null);
    },
    setDisabled(disabled) {
      if (input.disabled !== disabled) input.disabled = disabled;
    },
    focus: () => input.focus(),
  };
}

export function tag(text: string): HTMLElement {
  return h('vscode-tag', {}, text);
}
