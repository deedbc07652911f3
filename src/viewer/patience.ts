const TRIES = 4;
/** Seconds. */
const LONGEST_WAIT = 10;
/** A model that is being opened again after its file changed, and a server that has too much to do. */
const PASSING = [409, 503];

/** Asks again, as long as the server says when to. */
export async function patiently(ask: () => Promise<Response>): Promise<Response> {
  for (let tries = 1;; tries++) {
    const response = await ask();
    const wait = Number(response.headers.get("Retry-After") ?? NaN);
    const passes = PASSING.includes(response.status) && wait <= LONGEST_WAIT;
    if (!passes || tries === TRIES) return response;
    await response.body?.cancel();
    await new Promise((resolve) => setTimeout(resolve, 1000 * Math.max(wait, 0.2)));
  }
}
