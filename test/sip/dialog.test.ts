import { describe, expect, test } from "vitest";
import { Dialog, dialogIdOf, dialogKey } from "../../src/sip/dialog.ts";
import { SipHeaders } from "../../src/sip/headers/headers.ts";
import { cseqOf, fromTag, respond, toTag } from "../../src/sip/message.ts";
import { writeUri } from "../../src/sip/uri.ts";
import { sipRequest } from "../kit/sip-messages.ts";

const ok = (invite: ReturnType<typeof sipRequest>, ...lines: [string, string][]) =>
  respond(invite, 200, { toTag: "bob", headers: SipHeaders.of(...lines) });

describe("dialog", () => {
  test("dialog: the caller's way is the Record-Route backwards, to the callee's Contact (RFC 3261 §12.1.2)", () => {
    const invite = sipRequest("INVITE", { cseq: 7 });
    const dialog = Dialog.calling(
      invite,
      ok(invite, ["Record-Route", "<sip:p2;lr>, <sip:p1;lr>"], ["Contact", "<sip:bob@198.51.100.7:5062>"]),
    );
    const bye = dialog.request("BYE");
    expect(writeUri(bye.uri)).toBe("sip:bob@198.51.100.7:5062");
    expect(bye.headers.getAll("Route")).toEqual(["<sip:p1;lr>", "<sip:p2;lr>"]);
    expect(cseqOf(bye)).toEqual({ seq: 8, method: "BYE" });
    expect([fromTag(bye), toTag(bye)]).toEqual(["alice", "bob"]);
  });

  test("dialog: the callee's way is the Record-Route forwards, and From and To change sides (RFC 3261 §12.1.1)", () => {
    const invite = sipRequest("INVITE", { extra: ["Record-Route: <sip:p2;lr>", "Record-Route: <sip:p1;lr>"] });
    const dialog = Dialog.called(invite, "bob", 1);
    const bye = dialog?.request("BYE");
    expect(bye?.headers.getAll("Route")).toEqual(["<sip:p2;lr>", "<sip:p1;lr>"]);
    expect(bye && [fromTag(bye), toTag(bye)]).toEqual(["bob", "alice"]);
    expect(bye && writeUri(bye.uri)).toBe("sip:alice@192.0.2.1:5060");
  });

  test("dialog: a strict router takes the Request-URI, the callee goes to the end (RFC 3261 §12.2.1.1)", () => {
    const invite = sipRequest("INVITE", { extra: ["Record-Route: <sip:strict.example.com>, <sip:p1;lr>"] });
    const bye = Dialog.called(invite, "bob", 1)?.request("BYE");
    expect(bye && writeUri(bye.uri)).toBe("sip:strict.example.com");
    expect(bye?.headers.getAll("Route")).toEqual(["<sip:p1;lr>", "<sip:alice@192.0.2.1:5060>"]);
  });

  test("dialog: the ACK of a 2xx has the INVITE's number, whatever was sent between (RFC 3261 §13.2.2.4)", () => {
    const invite = sipRequest("INVITE", { cseq: 7 });
    const dialog = Dialog.calling(invite, ok(invite));
    dialog.request("PRACK");
    expect(cseqOf(dialog.ack(7))).toEqual({ seq: 7, method: "ACK" });
  });

  test("dialog: a request older than the last one is out of order, a repeated number is not (RFC 3261 §12.2.2)", () => {
    const dialog = Dialog.called(sipRequest("INVITE", { cseq: 5 }), "bob", 1);
    expect(dialog?.acceptSeq(sipRequest("INFO", { cseq: 9 }))).toBe(true);
    expect(dialog?.acceptSeq(sipRequest("INFO", { cseq: 8 }))).toBe(false);
    expect(dialog?.acceptSeq(sipRequest("INFO", { cseq: 10 }))).toBe(true);
  });

  test("dialog: the 2xx decides the way anew, later ones do not (RFC 3261 §13.2.2.4)", () => {
    const invite = sipRequest("INVITE");
    const early = respond(invite, 180, { toTag: "bob", headers: SipHeaders.of(["Record-Route", "<sip:p1;lr>"]) });
    const dialog = Dialog.calling(invite, early);
    dialog.confirm(ok(invite, ["Record-Route", "<sip:p9;lr>"], ["Contact", "<sip:bob@198.51.100.9>"]));
    expect(dialog.request("BYE").headers.getAll("Route")).toEqual(["<sip:p9;lr>"]);
    dialog.confirm(ok(invite, ["Record-Route", "<sip:evil;lr>"]));
    expect(dialog.request("BYE").headers.getAll("Route")).toEqual(["<sip:p9;lr>"]);
  });

  test("dialog: both ends know it by the same three, seen from their side (RFC 3261 §12)", () => {
    const invite = sipRequest("INVITE");
    const caller = Dialog.calling(invite, ok(invite));
    const callee = Dialog.called(invite, "bob", 1);
    if (callee === undefined) throw new Error("no dialog");
    expect(dialogKey(dialogIdOf(caller.request("BYE")))).toBe(callee.key);
    expect(dialogKey(dialogIdOf(callee.request("BYE")))).toBe(caller.key);
  });

  test("dialog: an INVITE without Contact makes none (RFC 3261 §8.1.1.8)", () => {
    const invite = sipRequest("INVITE");
    invite.headers.remove("Contact");
    expect(Dialog.called(invite, "bob", 1)).toBeUndefined();
  });
});
