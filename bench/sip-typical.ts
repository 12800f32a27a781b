/** The INVITE of a desk phone with an SDP offer, as benches and tests use it. */
export function typicalInvite(): Uint8Array {
  const sdp = [
    "v=0",
    "o=- 20518 0 IN IP4 192.0.2.10",
    "s=-",
    "c=IN IP4 192.0.2.10",
    "t=0 0",
    "m=audio 54400 RTP/AVP 9 8 0 101",
    "a=rtpmap:9 G722/8000",
    "a=rtpmap:8 PCMA/8000",
    "a=rtpmap:0 PCMU/8000",
    "a=rtpmap:101 telephone-event/8000",
    "a=fmtp:101 0-16",
    "a=ptime:20",
    "a=sendrecv",
    "",
  ].join("\r\n");
  const head = [
    "INVITE sip:+15550100@gw.example.com SIP/2.0",
    "Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK776asdhds;rport",
    "Max-Forwards: 70",
    'From: "Alice Example" <sip:alice@example.com>;tag=8s7d6f5g',
    "To: <sip:+15550100@gw.example.com>",
    "Contact: <sip:alice@192.0.2.10:5060;transport=udp>",
    "Call-ID: 3848276298220188511@192.0.2.10",
    "CSeq: 101 INVITE",
    "Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, NOTIFY, INFO, UPDATE, PRACK",
    "Supported: replaces, timer, 100rel",
    "Session-Expires: 1800;refresher=uac",
    "Min-SE: 90",
    "User-Agent: Desk Phone 5.1",
    "Content-Type: application/sdp",
    `Content-Length: ${sdp.length}`,
    "",
    "",
  ].join("\r\n");
  return Buffer.from(head + sdp, "latin1");
}
