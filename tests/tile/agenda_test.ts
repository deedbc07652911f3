import { assertEquals } from "@std/assert";
import { Agenda } from "../../src/tile/agenda.ts";

Deno.test("layers are read in order, those looked at first, the latest of them before the others", () => {
  const agenda = new Agenda(5);
  assertEquals(agenda.next(), 0);
  agenda.subjects[0]!.status = "busy";
  assertEquals(agenda.next(), 1);
  for (const plane of [2, 4, 3, 2]) agenda.want(plane);
  const order: (number | null)[] = [];
  for (let i = 0; i < 4; i++) {
    const next = agenda.next()!;
    order.push(next);
    agenda.subjects[next]!.status = "done";
  }
  assertEquals(order, [2, 3, 4, 1]);
  assertEquals([agenda.next(), agenda.isDone], [null, false]);
  agenda.subjects[0]!.status = "done";
  assertEquals(agenda.isDone, true);
});

Deno.test("a layer in another process's hands comes last, and first among those again once it waits", () => {
  const agenda = new Agenda(3);
  agenda.subjects[1]!.status = "elsewhere";
  agenda.want(1);
  assertEquals(agenda.next(), 0);
  agenda.subjects[0]!.status = "failed";
  assertEquals(agenda.next(), 2);
  agenda.subjects[2]!.status = "done";
  assertEquals(agenda.next(), 1);
  agenda.subjects[2]!.status = "waiting";
  agenda.subjects[1]!.status = "waiting";
  assertEquals(agenda.next(), 1);
});
