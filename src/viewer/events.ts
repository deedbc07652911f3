import { ask } from "./access.ts";

/** An event of the server's stream. */
export interface ServerEvent {
  readonly kind: string;
  readonly data: string;
}

/** Milliseconds until a stream that has ended is asked for again. */
const AGAIN = 2000;

/**
 * Server-sent events, with the token that the server wants: an `EventSource` could not send one. Goes
 * on after every end of the stream until the signal.
 */
export async function* follow(url: string, signal: AbortSignal): AsyncGenerator<ServerEvent> {
  while (!signal.aborted) {
    try {
      const response = await ask(url, { signal });
      if (response.ok && response.body) yield* eventsIn(response.body);
      else if (response.status < 500) return;
    } catch (error) {
      // The server may be starting again; whether it is gone the next request of a person tells.
      if (!signal.aborted && !(error instanceof TypeError)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, AGAIN));
  }
}

/** The events of a stream as the HTML standard writes them, comments left out. */
export async function* eventsIn(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent> {
  let text = "";
  for await (const chunk of body.pipeThrough(new TextDecoderStream() as never)) {
    text += chunk;
    const parts = text.split("\n\n");
    text = parts.pop()!;
    for (const part of parts) {
      const fields = part.split("\n").map((line) => {
        const colon = line.indexOf(":");
        return [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, "")] as const;
      });
      const data = fields.filter(([name]) => name === "data").map(([, text]) => text);
      const kind = fields.find(([name]) => name === "event")?.[1] ?? "message";
      if (data.length > 0) yield { kind, data: data.join("\n") };
    }
  }
}
