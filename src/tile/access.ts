import type { Remote, RemoteOptions } from "../storage/remote.ts";

/** What opens URLs, made when the first is opened: most models lie on disk. */
export interface Access {
  (): Promise<Remote>;
  made?: Promise<Remote>;
}

/** The way to URLs, nothing made yet. */
export function access(options: RemoteOptions | undefined): Access {
  const make = async () => new (await import("../storage/remote.ts")).Remote(options);
  const access: Access = () => access.made ??= make();
  return access;
}
