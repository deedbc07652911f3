/** What a key does, and how the help tells it. */
export interface Command {
  /** As `KeyboardEvent.key` spells them. */
  readonly keys: readonly string[];
  /** How the help writes them; left out where the help tells it in another line. */
  readonly shown?: string;
  readonly about?: string;
  run(key: string, event: KeyboardEvent): void;
}

/** Runs commands for keys pressed anywhere but in a field. */
export function mountKeyboard(commands: readonly Command[]): void {
  const byKey = new Map(commands.flatMap((command) => command.keys.map((key) => [key, command])));
  addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (isField(event.target) || document.querySelector("dialog[open]")) return;
    // A menu that is open takes Escape for itself.
    if (event.key === "Escape" && document.querySelector(":popover-open")) return;
    const command = byKey.get(event.key);
    if (!command) return;
    // A button that has the focus takes what presses it.
    if ([" ", "Enter"].includes(event.key) && isPressed(event.target)) return;
    event.preventDefault();
    command.run(event.key, event);
  });
}

const isPressed = (target: EventTarget | null) =>
  target instanceof Element && target.closest("button, a, summary") !== null;

// Range, radio and switch inputs use arrows and space; letters mean nothing to them, but a person
// who is setting something should not find the whole page changing.
const isField = (target: EventTarget | null) =>
  target instanceof Element && target.closest("input, select, textarea") !== null;
