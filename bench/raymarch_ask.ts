import type { Request } from "./raymarch_worker.ts";

/** The tiles that a worker draws. */
export const ask = (worker: Worker, request: Request): Promise<Uint8Array[]> =>
  new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
    worker.postMessage(request);
  });
