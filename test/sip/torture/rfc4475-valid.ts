import { expect } from "vitest";
import {
  callIdField,
  contactField,
  fromField,
  maxForwardsField,
  routeField,
  toField,
  viaField,
} from "../../../src/sip/headers/fields.ts";
import { cseqOf, fromTag, type SipMessage, toTag } from "../../../src/sip/message.ts";
import { userOf } from "../../../src/sip/uri.ts";
import { read, sdp, type TortureCase, wire } from "./case.ts";

const bodyOf = (message: SipMessage): string => Buffer.from(message.body).toString("latin1");

const long = (word: string, times: number): string => word.repeat(times);

/** Via lines of longreq: 33 of them, with the name in every spelling. */
const longVias = [
  "Via: ",
  "v: ",
  "V: ",
  "Via: ",
  "ViA: ",
  "VIa: ",
  "VIA: ",
  "via: ",
  "viA: ",
  "vIa: ",
  "vIA: ",
  "V :  ",
  "v :  ",
  "V  : ",
  "v  : ",
  "Via : ",
  "Via  : ",
  ...Array.from({ length: 16 }, () => "Via: "),
].map((name, i) => `${name}SIP/2.0/TCP sip${33 - i}.example.com\n`);

/**
 * The signed part of mpart01. The RFC's own signature is a CMS structure of no meaning to SIP; what matters is that it has
 * line breaks, zeros and bytes above 127, so all 256 byte values stand in for it.
 */
const binaryPart = Buffer.concat([Buffer.from("\r\n\r\n"), Buffer.from(Array.from({ length: 256 }, (_, i) => i))]);

function multipart(): Uint8Array {
  const boundary = "7a9cbec02ceef655";
  const body = Buffer.concat([
    wire(`--${boundary}
Content-Type: text/plain
Content-Transfer-Encoding: binary

Hello
--${boundary}
Content-Type: application/octet-stream
Content-Transfer-Encoding: binary

`),
    binaryPart,
    wire(`\n--${boundary}--\n`),
  ]);
  const head = wire(`MESSAGE sip:kumiko@example.org SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK-d87543-4dade06d0bdb11ee-1--d87543-;rport
Max-Forwards: 70
Route: <sip:127.0.0.1:5080>
Identity: r5mwreLuyDRYBi/0TiPwEsY3rEVsk/G2WxhgTV1PF7hHuLIK0YWVKZhKv9Mj8UeXqkMVbnVq37CD+813gvYjcBUaZngQmXc9WNZSDNGCzA+fWl9MEUHWIZo1CeJebdY/XlgKeTa0Olvq0rt70Q5jiSfbqMJmQFteeivUhkMWYUA=
Contact: <sip:fluffy@127.0.0.1:5070>
To: <sip:kumiko@example.org>
From: <sip:fluffy@example.com>;tag=2fb0dcc9
Call-ID: 3d9485ad0c49859b@Zmx1ZmZ5LW1hYy0xNi5sb2NhbA..
CSeq: 1 MESSAGE
Content-Transfer-Encoding: binary
Content-Type: multipart/mixed;boundary=${boundary}
Date: Sat, 15 Oct 2005 04:44:56 GMT
User-Agent: SIPimp.org/0.2.5 (curses)
Content-Length: ${body.length}

`);
  return Buffer.concat([head, body]);
}

/** RFC 4475 §3.1.1: odd but right. */
export const validCases: readonly TortureCase[] = [
  read(
    "3.1.1.1",
    "wsinv",
    `INVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0
TO :
 sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n
from   : "J Rosenberg \\\\\\""       <sip:jdrosen@example.com>
  ;
  tag = 98asjd8
MaX-fOrWaRdS: 0068
Call-ID: wsinv.ndaksdj@192.0.2.1
Content-Length   : 150
cseq: 0009
  INVITE
Via  : SIP  /   2.0
 /UDP
    192.0.2.2;branch=390skdjuw
s :
NewFangledHeader:   newfangled value
 continued newfangled value
UnknownHeaderWithUnusualValue: ;;,,;;,;
Content-Type: application/sdp
Route:
 <sip:services.example.com;lr;unknownwith=value;unknown-no-value>
v:  SIP  / 2.0  / TCP     spindle.example.com   ;
  branch  =   z9hG4bK9ikj8  ,
 SIP  /    2.0   / UDP  192.168.255.111   ; branch=
 z9hG4bK30239
m:"Quoted string \\"\\"" <sip:jdrosen@example.com> ; newparam =
      newvalue ;
  secondparam ; q = 0.33

${sdp("192.0.2.3").replace("c=IN IP4 192.0.2.3", "c=IN IP4 192.0.2.4")}`,
    (message) => {
      const { headers } = message;
      expect(toTag(message)).toBe("1918181833n");
      expect(fromTag(message)).toBe("98asjd8");
      expect(headers.first(fromField)?.displayName).toBe('J Rosenberg \\"');
      expect(headers.first(maxForwardsField)).toBe(68);
      expect(cseqOf(message)).toEqual({ seq: 9, method: "INVITE" });
      expect(headers.all(viaField).map(({ host, branch }) => `${host} ${branch}`)).toEqual([
        "192.0.2.2 390skdjuw",
        "spindle.example.com z9hG4bK9ikj8",
        "192.168.255.111 z9hG4bK30239",
      ]);
      const route = headers.first(routeField)!.uri;
      expect(route.type === "sip" && [...route.params.keys()]).toEqual(["lr", "unknownwith", "unknown-no-value"]);
      expect(headers.get("Subject")).toBe("");
      expect(headers.get("newfangledheader")).toBe("newfangled value continued newfangled value");
      expect(headers.get("UnknownHeaderWithUnusualValue")).toBe(";;,,;;,;");
      expect(headers.first(contactField)?.displayName).toBe('Quoted string ""');
      expect([...headers.first(contactField)!.params]).toEqual([
        ["newparam", "newvalue"],
        ["secondparam", undefined],
        ["q", "0.33"],
      ]);
      expect(message.body).toHaveLength(150);
    },
  ),
  read(
    "3.1.1.2",
    "intmeth",
    `!interesting-Method0123456789_*+\`.%indeed'~ sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com SIP/2.0
Via: SIP/2.0/TCP host1.example.com;branch=z9hG4bK-.!%66*_+\`'~
To: "BEL:\\\u0007 NUL:\\\u0000 DEL:\\\u007f" <sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*@example.com>
From: token1~\` token2'+_ token3*%!.- <sip:mundane@example.com>;fromParam''~+*_!.-%="работающий";tag=_token~1'+\`*%!-.
Call-ID: intmeth.word%ZK-!.*_+'@word\`~)(><:\\/"][?}{
CSeq: 139122385 !interesting-Method0123456789_*+\`.%indeed'~
Max-Forwards: 255
extensionHeader-!.%*+_\`'~:\ufeff大停電
Content-Length: 0

`,
    (message) => {
      const { headers } = message;
      expect(message.type === "request" && message.method).toBe("!interesting-Method0123456789_*+`.%indeed'~");
      expect(headers.first(toField)?.displayName).toBe("BEL:\u0007 NUL:\u0000 DEL:\u007f");
      expect(headers.first(fromField)?.displayName).toBe("token1~` token2'+_ token3*%!.-");
      expect(headers.first(fromField)?.params.get("fromparam''~+*_!.-%")).toBe("работающий");
      expect(fromTag(message)).toBe("_token~1'+`*%!-.");
      expect(headers.first(callIdField)).toBe("intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{");
      expect(headers.get("extensionHeader-!.%*+_`'~")).toBe("\ufeff大停電");
    },
  ),
  read(
    "3.1.1.3",
    "esc01",
    `INVITE sip:sips%3Auser%40example.com@example.net SIP/2.0
To: sip:%75se%72@example.com
From: <sip:I%20have%20spaces@example.net>;tag=938
Max-Forwards: 87
i: esc01.239409asdfakjkn23onasd0-3234
CSeq: 234234 INVITE
Via: SIP/2.0/UDP host5.example.net;branch=z9hG4bKkdjuw
C: application/sdp
Contact:
  <sip:cal%6Cer@host5.example.net;%6C%72;n%61me=v%61lue%25%34%31>
Content-Length: 150

${sdp("192.0.2.1")}`,
    (message) => {
      expect(message.type === "request" && userOf(message.uri)).toBe("sips:user@example.com");
      expect(userOf(message.headers.first(toField)!.uri)).toBe("user");
      expect(userOf(message.headers.first(fromField)!.uri)).toBe("I have spaces");
      const { uri } = message.headers.first(contactField)!;
      expect(uri.type === "sip" && [...uri.params]).toEqual([
        ["lr", undefined],
        ["name", "value%41"],
      ]);
    },
  ),
  read(
    "3.1.1.4",
    "escnull",
    `REGISTER sip:example.com SIP/2.0
To: sip:null-%00-null@example.com
From: sip:null-%00-null@example.com;tag=839923423
Max-Forwards: 70
Call-ID: escnull.39203ndfvkjdasfkq3w4otrq0adsfdfnavd
CSeq: 14398234 REGISTER
Via: SIP/2.0/UDP host5.example.com;branch=z9hG4bKkdjuw
Contact: <sip:%00@host5.example.com>
Contact: <sip:%00%00@host5.example.com>
L:0

`,
    ({ headers }) => {
      expect(headers.all(contactField).map(({ uri }) => userOf(uri))).toEqual(["\0", "\0\0"]);
    },
  ),
  read(
    "3.1.1.5",
    "esc02",
    `RE%47IST%45R sip:registrar.example.com SIP/2.0
To: "%Z%45" <sip:resource@example.com>
From: "%Z%45" <sip:resource@example.com>;tag=f232jadfj23
Call-ID: esc02.asdfnqwo34rq23i34jrjasdcnl23nrlknsdf
Via: SIP/2.0/TCP host.example.com;branch=z9hG4bK209%fzsnel234
CSeq: 29344 RE%47IST%45R
Max-Forwards: 70
Contact: <sip:alias1@host1.example.com>
C%6Fntact: <sip:alias2@host2.example.com>
Contact: <sip:alias3@host3.example.com>
l: 0

`,
    (message) => {
      expect(message.type === "request" && message.method).toBe("RE%47IST%45R");
      expect(message.headers.first(toField)?.displayName).toBe("%Z%45");
      expect(message.headers.all(contactField)).toHaveLength(2);
    },
  ),
  read(
    "3.1.1.6",
    "lwsdisp",
    `OPTIONS sip:user@example.com SIP/2.0
To: sip:user@example.com
From: caller<sip:caller@example.com>;tag=323
Max-Forwards: 70
Call-ID: lwsdisp.1234abcd@funky.example.com
CSeq: 60 OPTIONS
Via: SIP/2.0/UDP funky.example.com;branch=z9hG4bKkdjuw
l: 0

`,
    ({ headers }) => expect(headers.first(fromField)?.displayName).toBe("caller"),
  ),
  read(
    "3.1.1.7",
    "longreq",
    `INVITE sip:user@example.com SIP/2.0
To: "I have a user name of ${long("extreme", 10)} proportion"<sip:user@example.com:6000;unknownparam1=very${long("long", 20)}value;longparam${long("name", 25)}=shortvalue;very${long("long", 25)}ParameterNameWithNoValue>
F: sip:${long("amazinglylongcallername", 5)}@example.net;tag=12${long("982", 50)}424;unknownheaderparam${long("name", 20)}=unknowheaderparam${long("value", 15)};unknownValueless${long("paramname", 10)}
Call-ID: longreq.one${long("really", 20)}longcallid
CSeq: 3882340 INVITE
Unknown-${long("Long", 20)}-Name: unknown-${long("long", 20)}-value; unknown-${long("long", 20)}-parameter-name = unknown-${long("long", 20)}-parameter-value
${longVias.join("")}Via: SIP/2.0/TCP host.example.com;received=192.0.2.5;branch=very${long("long", 50)}branchvalue
Max-Forwards: 70
Contact: <sip:${long("amazinglylongcallername", 5)}@host5.example.net>
Content-Type: application/sdp
l: 150

${sdp("192.0.2.1")}`,
    (message) => {
      const vias = message.headers.all(viaField);
      expect(vias).toHaveLength(34);
      expect(vias.at(-1)).toMatchObject({ host: "host.example.com", received: "192.0.2.5" });
      expect(fromTag(message)).toHaveLength(155);
    },
  ),
  read(
    "3.1.1.8",
    "dblreq",
    `REGISTER sip:example.com SIP/2.0
To: sip:j.user@example.com
From: sip:j.user@example.com;tag=43251j3j324
Max-Forwards: 8
I: dblreq.0ha0isndaksdj99sdfafnl3lk233412
Contact: sip:j.user@host.example.com
CSeq: 8 REGISTER
Via: SIP/2.0/UDP 192.0.2.125;branch=z9hG4bKkdjuw23492
Content-Length: 0


INVITE sip:joe@example.com SIP/2.0
t: sip:joe@example.com
From: sip:caller@example.net;tag=141334
Max-Forwards: 8
Call-ID: dblreq.0ha0isnda977644900765@192.0.2.15
CSeq: 8 INVITE
Via: SIP/2.0/UDP 192.0.2.15;branch=z9hG4bKkdjuw380234
Content-Type: application/sdp
Content-Length: 150

${sdp("192.0.2.15")}`,
    (message) => {
      expect(message.type === "request" && message.method).toBe("REGISTER");
      expect(message.body).toHaveLength(0);
    },
  ),
  read(
    "3.1.1.9",
    "semiuri",
    `OPTIONS sip:user;par=u%40example.net@example.com SIP/2.0
To: sip:j_user@example.com
From: sip:caller@example.org;tag=33242
Max-Forwards: 3
Call-ID: semiuri.0ha0isndaksdj
CSeq: 8 OPTIONS
Accept: application/sdp, application/pkcs7-mime,
        multipart/mixed, multipart/signed,
        message/sip, message/sipfrag
Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKkdjuw
l: 0

`,
    (message) => {
      expect(message.type === "request" && userOf(message.uri)).toBe("user;par=u@example.net");
      expect(message.type === "request" && message.uri.type === "sip" && message.uri.params.size).toBe(0);
      expect(message.headers.getAll("Accept")).toHaveLength(6);
    },
  ),
  read(
    "3.1.1.10",
    "transports",
    `OPTIONS sip:user@example.com SIP/2.0
To: sip:user@example.com
From: <sip:caller@example.com>;tag=323
Max-Forwards: 70
Call-ID:  transports.kijh4akdnaqjkwendsasfdj
Accept: application/sdp
CSeq: 60 OPTIONS
Via: SIP/2.0/UDP t1.example.com;branch=z9hG4bKkdjuw
Via: SIP/2.0/SCTP t2.example.com;branch=z9hG4bKklasjdhf
Via: SIP/2.0/TLS t3.example.com;branch=z9hG4bK2980unddj
Via: SIP/2.0/UNKNOWN t4.example.com;branch=z9hG4bKasd0f3en
Via: SIP/2.0/TCP t5.example.com;branch=z9hG4bK0a9idfnee
l: 0

`,
    ({ headers }) => {
      const transports = headers.all(viaField).map(({ transport }) => transport);
      expect(transports).toEqual(["UDP", "SCTP", "TLS", "UNKNOWN", "TCP"]);
    },
  ),
  read("3.1.1.11", "mpart01", multipart(), (message) => {
    expect(Buffer.from(message.body).includes(binaryPart)).toBe(true);
    expect(bodyOf(message).endsWith("--7a9cbec02ceef655--\r\n")).toBe(true);
  }),
  read(
    "3.1.1.12",
    "unreason",
    `SIP/2.0 200 = 2**3 * 5**2 но сто девяносто девять - простое
Via: SIP/2.0/UDP 192.0.2.198;branch=z9hG4bK1324923
Call-ID: unreason.1234ksdfak3j2erwedfsASdf
CSeq: 35 INVITE
From: sip:user@example.com;tag=11141343
To: sip:user@example.edu;tag=2229
Content-Length: 154
Content-Type: application/sdp
Contact: <sip:user@host198.example.com>

${sdp("192.0.2.198")}`,
    (message) => {
      expect(message.type === "response" && message.reason).toBe("= 2**3 * 5**2 но сто девяносто девять - простое");
    },
  ),
  read(
    "3.1.1.13",
    "noreason",
    `SIP/2.0 100 \nVia: SIP/2.0/UDP 192.0.2.105;branch=z9hG4bK2398ndaoe
Call-ID: noreason.asndj203insdf99223ndf
CSeq: 35 INVITE
From: <sip:user@example.com>;tag=39ansfi3
To: <sip:user@example.edu>;tag=902jndnke3
Content-Length: 0
Contact: <sip:user@host105.example.com>

`,
    (message) => expect(message).toMatchObject({ type: "response", status: 100, reason: "" }),
  ),
];
