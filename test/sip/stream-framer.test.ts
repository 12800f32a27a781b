import { describe, expect, test } from "vitest";
import { typicalInvite } from "../../bench/sip-typical.ts";
import { messageBounds, parseMessage } from "../../src/sip/parse.ts";
import { StreamFramer, type StreamItem } from "../../src/sip/stream-framer.ts";

const picture = (items: readonly StreamItem[]): string[] =>
  items.map((item) => {
    if (item.type === "fault") return item.kind;
    return item.type === "message" ? Buffer.from(item.bytes).toString("latin1") : item.type;
  });

/** What a framer gives for these pieces, one after another. */
function cut(...pieces: readonly (string | Uint8Array)[]): string[] {
  const framer = new StreamFramer();
  return pieces.flatMap((piece) =>
    picture(framer.push(typeof piece === "string" ? Buffer.from(piece, "latin1") : piece)),
  );
}

const message = (body: string): string => `MESSAGE sip:a SIP/2.0\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

describe("stream framer", () => {
  test("stream framer: cuts messages wherever the network cut the stream (RFC 3261 §18.3)", () => {
    const stream = message("one") + message("") + message("\r\n\r\n") + Buffer.from(typicalInvite()).toString("latin1");
    const whole = cut(stream);
    expect(whole).toHaveLength(4);
    expect(whole.join("")).toBe(stream);
    for (let at = 0; at <= stream.length; at += 7) expect(cut(stream.slice(0, at), stream.slice(at))).toEqual(whole);
    expect(cut(...stream)).toEqual(whole);
  });

  test("stream framer: a message does not change when later bytes arrive", () => {
    const framer = new StreamFramer();
    const [first] = framer.push(typicalInvite());
    framer.push(Buffer.alloc(5000, 65));
    expect(first?.type === "message" && parseMessage(first.bytes).type).toBe("request");
    expect(first?.type === "message" && Buffer.compare(first.bytes, typicalInvite())).toBe(0);
  });

  test("stream framer: two line breaks are a ping, one is a pong (RFC 5626 §4.4.1)", () => {
    expect(cut("\r\n\r\n")).toEqual(["ping"]);
    expect(cut("\r\n")).toEqual(["pong"]);
    expect(cut("\r\n".repeat(1000))).toEqual(["ping"]);
    expect(cut("\r\n", message("a"))).toEqual(["pong", message("a")]);
    expect(cut(`${message("a")}\r\n\r\n${message("b")}`)).toEqual([message("a"), "ping", message("b")]);
  });

  test("stream framer: a ping cut in two is still answered", () => {
    expect(cut("\r\n", "\r\n")).toEqual(["pong", "ping"]);
    expect(cut("\r", "\n\r\n")).toEqual(["ping"]);
    expect(cut("\r\n\r", "\n")).toEqual(["pong", "ping"]);
    expect(cut("\r", "\n", "\r", "\n", message("a"))).toEqual(["pong", "ping", message("a")]);
  });

  test("stream framer: reads Content-Length compact, folded and doubled alike, and faults when they differ", () => {
    expect(cut("A b SIP/2.0\r\nl: 1\r\n\r\nx")).toEqual(["A b SIP/2.0\r\nl: 1\r\n\r\nx"]);
    expect(cut("A b SIP/2.0\r\nCONTENT-LENGTH :\r\n 1\r\n\r\nx")).toHaveLength(1);
    expect(cut("A b SIP/2.0\r\nl: 1\r\nContent-Length: 1\r\n\r\nx")).toHaveLength(1);
    expect(cut("A b SIP/2.0\r\nl: 1\r\nContent-Length: 2\r\n\r\nx")).toEqual(["bad-content-length"]);
    for (const value of ["-1", "1x", "", "1, 2", "0x10", "99999999999"]) {
      expect(cut(`A b SIP/2.0\r\nl: ${value}\r\n\r\n`)).toEqual(["bad-content-length"]);
    }
  });

  test("stream framer: without Content-Length the stream is lost, and nothing after it is read (RFC 3261 §18.3)", () => {
    const framer = new StreamFramer();
    const [item] = framer.push(Buffer.from("A b SIP/2.0\r\nX: 1\r\n\r\n"));
    expect(item).toMatchObject({ type: "fault", kind: "no-content-length" });
    expect(item?.type === "fault" && Buffer.from(item.head!).toString()).toContain("X: 1");
    expect(framer.push(Buffer.from(message("a")))).toEqual([]);
  });

  test("stream framer: endless headers and huge bodies end the stream instead of filling memory", () => {
    expect(cut(Buffer.alloc(messageBounds.headBytes + 1, 65))).toEqual(["too-large"]);
    expect(cut(Buffer.alloc(10_000_000, 65))).toEqual(["too-large"]);
    expect(cut(`A b SIP/2.0\r\nl: ${messageBounds.messageBytes}\r\n\r\n`)).toEqual(["too-large"]);
    const head = "A b SIP/2.0\r\nl: 65000\r\n\r\n";
    expect(cut(head, Buffer.alloc(65_000, 66))[0]).toHaveLength(head.length + 65_000);
  });
});
