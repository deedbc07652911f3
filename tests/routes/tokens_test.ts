import { assertEquals, assertThrows } from "@std/assert";
import { Forbidden, Unauthorized } from "../../src/errors.ts";
import { Tokens } from "../../routes/tokens.ts";

const writer = "a-secret-for-writing", reader = "a-secret-for-reading";

const request = (authorization?: string) =>
  new Request("http://localhost/", authorization ? { headers: { authorization } } : {});

Deno.test("without tokens everybody reads and nobody writes", () => {
  const tokens = new Tokens("");
  tokens.check(request(), "read");
  assertThrows(() => tokens.check(request(`Bearer ${writer}`), "write"), Forbidden, "for reading");
});

Deno.test("a token for writing leaves reading open", () => {
  const tokens = new Tokens(` ${writer} ,`);
  tokens.check(request(), "read");
  tokens.check(request(`Bearer ${writer}`), "write");
  tokens.check(request(`bearer   ${writer}`), "write");
  assertThrows(() => tokens.check(request(), "write"), Unauthorized, "has no token");
  for (const wrong of [writer.slice(1), writer + "x", writer.toUpperCase(), ""]) {
    assertThrows(() => tokens.check(request(`Bearer ${wrong}`), "write"), Unauthorized);
  }
  assertThrows(() => tokens.check(request(`Basic ${writer}`), "write"), Unauthorized);
});

Deno.test("a token for reading closes reading; it does not write, but who writes reads", () => {
  const tokens = new Tokens(`read:${reader} write:${writer}`);
  assertThrows(() => tokens.check(request(), "read"), Unauthorized, "for reading");
  tokens.check(request(`Bearer ${reader}`), "read");
  tokens.check(request(`Bearer ${writer}`), "read");
  tokens.check(request(`Bearer ${writer}`), "write");
  assertThrows(
    () => tokens.check(request(`Bearer ${reader}`), "write"),
    Forbidden,
    "reading alone",
  );
});

Deno.test("a token that could be guessed is refused, and not shown", () => {
  const error = assertThrows(() => new Tokens(`${writer},read:short`), RangeError, "5 characters");
  assertEquals(error.message.includes("short"), false);
});
