import { assertEquals } from "@std/assert";
import { type Browser, chromium, type Page } from "playwright-core";
import { buildViewer } from "../../src/viewer/build.ts";

const root = new URL("../../", import.meta.url);

/** Where Chromium is: what CHROMIUM says, or the usual places; null where there is none. */
export function findChromium(): string | null {
  const places = [
    Deno.env.get("CHROMIUM") ?? "",
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  ];
  return places.find((path) => path !== "" && isFile(path)) ?? null;
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

export interface VisitOptions {
  readonly flags?: readonly string[];
  readonly env?: Record<string, string>;
  readonly switches?: readonly string[];
}

/** The server on the bundled models, and a browser on it. */
export class Visit implements AsyncDisposable {
  /** Errors on the page's console, and requests that left the server. */
  readonly complaints: string[] = [];

  private constructor(
    readonly origin: string,
    private readonly server: Deno.ChildProcess,
    private readonly browser: Browser,
  ) {}

  /** `flags` and `env` are the server's, `switches` the browser's. */
  static async start(
    executablePath: string,
    { flags = [], env = {}, switches = [] }: VisitOptions = {},
  ): Promise<Visit> {
    await buildViewer();
    const server = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-q",
        "-A",
        "src/cli/main.ts",
        "serve",
        "--port",
        "0",
        "fixtures/models",
        ...flags,
      ],
      env,
      cwd: root,
      stdin: "null",
      stdout: "piped",
    }).spawn();
    const origin = await listening(server);
    // One colour profile, so that pixels can be compared.
    const args = ["--no-sandbox", "--force-color-profile=srgb", ...switches];
    return new Visit(origin, server, await chromium.launch({ executablePath, args }));
  }

  /** An empty page. */
  async blank(): Promise<Page> {
    return await (await this.browser.newContext({ viewport: { width: 800, height: 600 } }))
      .newPage();
  }

  /** A page on that address, once its tiles are there. */
  async open(address: string, { phone = false } = {}): Promise<Page> {
    const context = await this.browser.newContext({
      viewport: phone ? { width: 390, height: 844 } : { width: 1200, height: 800 },
      hasTouch: phone,
      isMobile: phone,
      reducedMotion: "reduce",
    });
    const page = await context.newPage();
    page.on("console", (line) => {
      if (line.type() === "error") this.complaints.push(`${line.text()} ${line.location().url}`);
    });
    page.on("pageerror", (error) => this.complaints.push(String(error)));
    page.on("request", (request) => {
      const url = request.url();
      if (!/^(data|blob):/.test(url) && !url.startsWith(this.origin)) this.complaints.push(url);
    });
    await page.goto(this.origin + address);
    await settled(page);
    return page;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.browser.close();
    this.server.kill("SIGTERM");
    await this.server.stdout.cancel();
    await this.server.status;
  }
}

/** Until no tile is on its way. */
export async function settled(page: Page): Promise<void> {
  await page.waitForSelector("body[data-ready]");
  await page.waitForTimeout(100);
  await page.waitForSelector("#progress:not(.busy)", { state: "attached" });
  await page.waitForTimeout(150);
}

/** A number as the page writes it: −3.2×10⁻⁷. */
export function readNumber(text: string): number {
  const powers = "⁰¹²³⁴⁵⁶⁷⁸⁹";
  const plain = text.trim().replaceAll("−", "-").replace("×10", "e").replaceAll("⁻", "-")
    .replaceAll(/[⁰¹²³⁴⁵⁶⁷⁸⁹]/g, (digit) => String(powers.indexOf(digit)));
  return Number(plain);
}

async function listening({ stdout }: Deno.ChildProcess): Promise<string> {
  let said = "";
  const reader = stdout.getReader();
  const decoder = new TextDecoder();
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) throw new Error(`the server ended before it listened; it said: ${said}`);
      said += decoder.decode(value, { stream: true });
      const origin = said.match(/Listening on (http:\/\/\S+)/)?.[1];
      if (origin) return origin;
    }
  } finally {
    reader.releaseLock();
  }
}

const executable = findChromium();

/** A test on a visit of its own, which fails as well if the page complained; says why it is skipped. */
export function browserTest(
  name: string,
  run: (visit: Visit, t: Deno.TestContext) => Promise<void>,
  options?: VisitOptions,
): void {
  if (!executable) {
    Deno.test.ignore(`${name} (no Chromium here; CHROMIUM=path names one)`, () => {});
    return;
  }
  const fn = async (t: Deno.TestContext) => {
    await using visit = await Visit.start(executable, options);
    await run(visit, t);
    assertEquals(visit.complaints.slice(0, 5), [], "console errors and requests to other origins");
  };
  // The browser's driver keeps its own timers and pipes.
  Deno.test({ name, fn, sanitizeOps: false, sanitizeResources: false });
}
