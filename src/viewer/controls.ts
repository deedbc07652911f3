import type { Parameter } from "./api.ts";
import { h } from "./dom.ts";
import { icon } from "./icons.ts";

/** Told of a new value as query text, or null for the default; `done` is false while still dragging. */
export type OnChange = (text: string | null, done: boolean) => void;

/** A default as query text; "" where there is none. */
export function defaultText({ default: normal }: Parameter): string {
  if (normal === null) return "";
  if (typeof normal === "boolean") return normal ? "1" : "0";
  return String(normal);
}

/** A number as query text; null where it is the default. */
export function textOf(parameter: Parameter, value: number): string | null {
  const text = String(Number(value.toFixed(6)));
  return text === defaultText(parameter) ? null : text;
}

/** A parameter with its label, its control as the type asks for, and a way back to the default. */
export function control(
  parameter: Parameter,
  text: string | undefined,
  change: OnChange,
): HTMLElement {
  const id = `option-${parameter.name}`;
  const value = text ?? defaultText(parameter);
  const settle: OnChange = (next, done) =>
    change(next === "" || next === defaultText(parameter) ? null : next, done);
  const changed = text !== undefined && text !== defaultText(parameter);
  return h(
    "div",
    { class: "control", "data-parameter": parameter.name, title: parameter.about },
    h(
      "div",
      { class: "control-head" },
      h("label", { for: id }, parameter.title),
      parameter.unit ? h("span", { class: "unit" }, parameter.unit) : null,
      changed
        ? h("button", {
          type: "button",
          class: "quiet",
          title: "Back to the default",
          "aria-label": `${parameter.title}: back to the default`,
          onclick: () => change(null, true),
        }, icon("reset"))
        : null,
    ),
    widgets[parameter.type](parameter, value, settle, id),
  );
}

type Make = (parameter: Parameter, value: string, change: OnChange, id: string) => HTMLElement;

const widgets: Record<Parameter["type"], Make> = {
  number: slider,
  integer: slider,
  boolean: toggle,
  choice,
  range,
  axes: (_, value, change, id) =>
    h("input", {
      id,
      type: "text",
      value,
      placeholder: "such as 0,2|1,3",
      spellcheck: "false",
      onchange: (event: Event) => change(read(event), true),
    }),
  axes3: (_, value, change, id) =>
    h("input", {
      id,
      type: "text",
      value,
      placeholder: "such as 3|1,2|0",
      spellcheck: "false",
      onchange: (event: Event) => change(read(event), true),
    }),
  points: (_, value, change, id) =>
    h("input", {
      id,
      type: "text",
      value,
      placeholder: "such as 0:0.3,0.5:0,1:0.3",
      spellcheck: "false",
      onchange: (event: Event) => change(read(event), true),
    }),
  model: models,
  layers,
};

function slider(parameter: Parameter, value: string, change: OnChange, id: string): HTMLElement {
  const { minimum, maximum, type, values } = parameter;
  const whole = type === "integer";
  const field = h("input", {
    id,
    type: "number",
    value,
    min: minimum,
    max: maximum,
    step: whole ? 1 : "any",
    onchange: (event: Event) => change(read(event), true),
  });
  if (minimum === undefined || maximum === undefined) return field;
  const scale = values ? scaleAmong(values) : scaleOf(minimum, maximum);
  const send = (done: boolean) => (event: Event) => {
    const exact = scale.value(Number(read(event)));
    const text = whole ? String(Math.round(exact)) : String(Number(exact.toPrecision(3)));
    field.value = text;
    change(text, done);
  };
  const track = h("input", {
    id: `${id}-track`,
    type: "range",
    min: 0,
    max: 1,
    step: "any",
    value: scale.position(Number(value)),
    "aria-label": parameter.title,
    oninput: send(false),
    onchange: send(true),
  });
  return h("div", { class: "slider" }, track, field);
}

/** Sliders over three decades and more move by factors. */
function scaleOf(low: number, high: number) {
  if (low > 0 && high / low >= 1000) {
    const span = Math.log(high / low);
    return {
      value: (t: number) => low * Math.exp(t * span),
      position: (x: number) => Math.log(x / low) / span,
    };
  }
  return {
    value: (t: number) => low + t * (high - low),
    position: (x: number) => (x - low) / (high - low),
  };
}

/** Sliders over a few numbers move by one of them. */
const scaleAmong = (values: readonly number[]) => ({
  value: (t: number) => values[Math.round(t * (values.length - 1))]!,
  position: (x: number) => values.findLastIndex((value) => value <= x) / (values.length - 1),
});

function toggle({ title }: Parameter, value: string, change: OnChange, id: string): HTMLElement {
  return h("input", {
    id,
    type: "checkbox",
    role: "switch",
    class: "switch",
    "aria-label": title,
    checked: value === "1" || value === "true",
    onchange: (event: Event) =>
      change((event.target as HTMLInputElement).checked ? "1" : "0", true),
  });
}

function choice({ choices = [], title }: Parameter, value: string, change: OnChange, id: string) {
  if (choices.join("").length <= 20) return segments({ choices, title }, value, change, id);
  return h(
    "select",
    { id, onchange: (event: Event) => change(read(event), true) },
    ...choices.map((name) => h("option", { value: name, selected: name === value }, name)),
  );
}

/** A few choices side by side. */
export function segments(
  { choices, title }: { readonly choices: readonly string[]; readonly title: string },
  value: string,
  change: OnChange,
  id: string,
): HTMLElement {
  return h(
    "div",
    { class: "segments", role: "radiogroup", "aria-label": title },
    ...choices.map((name, i) =>
      h(
        "label",
        {},
        h("input", {
          id: i === 0 ? id : `${id}-${name}`,
          type: "radio",
          name: id,
          value: name,
          checked: name === value,
          onchange: () => change(name, true),
        }),
        h("span", {}, name),
      )
    ),
  );
}

/** One of the open models, or none. One that was asked for stays to choose, whatever becomes of it. */
function models({ choices = [] }: Parameter, value: string, change: OnChange, id: string) {
  const ids = value === "" || choices.includes(value) ? choices : [value, ...choices];
  return h(
    "select",
    { id, onchange: (event: Event) => change(read(event), true) },
    h("option", { value: "", selected: value === "" }, "none"),
    ...ids.map((name) => h("option", { value: name, selected: name === value }, name)),
  );
}

/** Nothing, or one of the choices. A list that was asked for stays to choose. */
function layers(parameter: Parameter, value: string, change: OnChange, id: string): HTMLElement {
  const { choices = [] } = parameter;
  const names = ["none", ...choices, ...(value === "" || choices.includes(value) ? [] : [value])];
  const told: OnChange = (text, done) => change(text === "none" ? null : text, done);
  return choice({ ...parameter, choices: names }, value || "none", told, id);
}

function range({ title }: Parameter, value: string, change: OnChange, id: string): HTMLElement {
  const [low = "", high = ""] = value.split(",");
  const field = (name: string, text: string, own: string) =>
    h("input", {
      id: own,
      type: "number",
      step: "any",
      value: text,
      placeholder: name,
      "aria-label": `${title}: ${name}`,
    });
  const from = field("min", low, id), to = field("max", high, `${id}-max`);
  const send = () => {
    if (from.value === "" && to.value === "") change(null, true);
    else if (from.value !== "" && to.value !== "") change(`${from.value},${to.value}`, true);
  };
  return h("div", { class: "pair", onchange: send }, from, to);
}

const read = (event: Event) => (event.target as HTMLInputElement | HTMLSelectElement).value;
