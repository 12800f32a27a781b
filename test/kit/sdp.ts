/** An SDP of one audio line, as a far end writes it: PCMU and telephone-events unless told otherwise. */
export function audioSdp(
  change: { formats?: string; direction?: string; address?: string; port?: number } = {},
): Uint8Array {
  const { formats = "0 101", direction = "sendrecv", address = "192.0.2.7", port = 40_000 } = change;
  const lines = [
    "v=0",
    `o=- 1 1 IN IP4 ${address}`,
    "s=-",
    `c=IN IP4 ${address}`,
    "t=0 0",
    `m=audio ${port} RTP/AVP ${formats}`,
    ...(formats.includes("101") ? ["a=rtpmap:101 telephone-event/8000"] : []),
    `a=${direction}`,
  ];
  return Buffer.from(lines.map((line) => `${line}\r\n`).join(""), "utf8");
}
