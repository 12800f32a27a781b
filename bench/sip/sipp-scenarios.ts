/** Scenarios and tables for SIPp, as text. */

/** How a call of the bench offers its media; keys as telephone-events, like almost every telephone (RFC 4733). */
export interface OfferedMedia {
  readonly payloadType: number;
  readonly rtpmap: string;
  readonly clockRateHz: number;
}

export const offeredPcmu: OfferedMedia = { payloadType: 0, rtpmap: "PCMU/8000", clockRateHz: 8000 };
export const offeredOpus: OfferedMedia = { payloadType: 111, rtpmap: "opus/48000/2", clockRateHz: 48_000 };
const eventPayloadType = 101;

/** A table of one RTP port a call, read line by line. */
export function portTable(ports: readonly number[]): string {
  return ["SEQUENTIAL", ...ports, ""].join("\n");
}

/** A caller whose media are at the port of its line in the table; it talks for as long as `-d` says. */
export function callerScenario(media: OfferedMedia): string {
  return `<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="caller">
  <send retrans="500" start_rtd="1"><![CDATA[

      INVITE sip:[service]@[remote_ip]:[remote_port] SIP/2.0
${ownHeaders("INVITE", "")}
      Content-Type: application/sdp
      Content-Length: [len]

${sdp(media)}
  ]]></send>
  <recv response="100" optional="true"/>
  <recv response="180" optional="true"/>
  <recv response="183" optional="true"/>
  <recv response="200" rtd="1"/>
  <send><![CDATA[

      ACK sip:[service]@[remote_ip]:[remote_port] SIP/2.0
${ownHeaders("ACK", "[peer_tag_param]")}
      Content-Length: 0

  ]]></send>
  <pause/>
  <send retrans="500"><![CDATA[

      BYE sip:[service]@[remote_ip]:[remote_port] SIP/2.0
${ownHeaders("BYE", "[peer_tag_param]", 2)}
      Content-Length: 0

  ]]></send>
  <recv response="200"/>
</scenario>
`;
}

/** A telephone that takes every call at once, with its media at the port of the call's line in the table. */
export function calleeScenario(media: OfferedMedia): string {
  return `<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="callee">
  <recv request="INVITE"/>
  <send retrans="500"><![CDATA[

      SIP/2.0 200 OK
      [last_Via:]
      [last_From:]
      [last_To:];tag=[pid]-[call_number]
      [last_Call-ID:]
      [last_CSeq:]
      Contact: <sip:[local_ip]:[local_port]>
      Content-Type: application/sdp
      Content-Length: [len]

${sdp(media)}
  ]]></send>
  <recv request="ACK"/>
  <recv request="BYE"/>
  <send><![CDATA[

      SIP/2.0 200 OK
      [last_Via:]
      [last_From:]
      [last_To:]
      [last_Call-ID:]
      [last_CSeq:]
      Content-Length: 0

  ]]></send>
</scenario>
`;
}

function ownHeaders(method: string, toTag: string, cseq = 1): string {
  return `      Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
      From: <sip:+15550122@[local_ip]:[local_port]>;tag=[pid]-[call_number]
      To: <sip:[service]@[remote_ip]:[remote_port]>${toTag}
      Call-ID: [call_id]
      CSeq: ${cseq} ${method}
      Contact: <sip:+15550122@[local_ip]:[local_port]>
      Max-Forwards: 70`;
}

function sdp({ payloadType, rtpmap, clockRateHz }: OfferedMedia): string {
  const lines = [
    "v=0",
    "o=- [call_number] 1 IN IP4 [local_ip]",
    "s=-",
    "c=IN IP4 [local_ip]",
    "t=0 0",
    `m=audio [field0] RTP/AVP ${payloadType} ${eventPayloadType}`,
    `a=rtpmap:${payloadType} ${rtpmap}`,
    `a=rtpmap:${eventPayloadType} telephone-event/${clockRateHz}`,
    `a=fmtp:${eventPayloadType} 0-15`,
    "a=ptime:20",
  ];
  return lines.map((line) => `      ${line}`).join("\n");
}
