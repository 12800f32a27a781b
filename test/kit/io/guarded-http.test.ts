import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { GuardedHttp, type LookupAll } from "../../../src/kit/io/guarded-http.ts";

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

async function serve(listener: RequestListener): Promise<string> {
  const server: Server = createServer(listener);
  open.push({
    close: () => {
      server.closeAllConnections();
      return new Promise((done) => server.close(done));
    },
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function client(lookup?: LookupAll): GuardedHttp {
  const http = new GuardedHttp(lookup);
  open.push(http);
  return http;
}

const resolvesTo =
  (...ips: string[]): LookupAll =>
  (_host, _options, done) =>
    done(
      null,
      ips.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
    );

const local = { timeoutMs: 5000, maxResponseBytes: 1000, allowPrivate: true } as const;
const outside = { ...local, allowPrivate: false } as const;
const fails = (kind: string) => expect.objectContaining({ name: "GuardedHttpError", kind });

describe("guarded http", () => {
  test("guarded http: sends method, headers and body, and gives status, headers and body back", async () => {
    const url = await serve((request, response) => {
      let body = "";
      request.on("data", (chunk) => {
        body += chunk;
      });
      request.on("end", () => {
        response.writeHead(422, { "X-Seen": `${request.method} ${request.headers["x-own"]}` });
        response.end(`got ${body}`);
      });
    });
    const answer = await client().fetch(`${url}/tool`, {
      ...local,
      method: "POST",
      headers: { "X-Own": "1" },
      body: "é",
    });
    expect(answer.status).toBe(422);
    expect(answer.headers["x-seen"]).toBe("POST 1");
    expect(answer.text()).toBe("got é");
  });

  test.each([
    "https://127.0.0.1/",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://0x7f.1/",
    "https://169.254.169.254/",
  ])("guarded http: the literal address of %s is refused before anything is sent", async (url) => {
    await expect(client().fetch(url, outside)).rejects.toEqual(fails("refused-address"));
  });

  test("guarded http: a name that resolves to private addresses only is refused when connecting", async () => {
    const http = client(resolvesTo("10.0.0.1", "::1"));
    await expect(http.fetch("https://tools.example/", outside)).rejects.toEqual(fails("refused-address"));
    await expect(client().fetch("https://localhost/", outside)).rejects.toEqual(fails("refused-address"));
  });

  test("guarded http: the name is checked anew at each connection, so rebinding does not help", async () => {
    const asked: string[] = [];
    const http = client((host, _options, done) => {
      asked.push(host);
      done(null, [{ address: "127.0.0.1", family: 4 }]);
    });
    for (let i = 0; i < 2; i += 1) {
      await expect(http.fetch("https://rebind.example/", outside)).rejects.toEqual(fails("refused-address"));
    }
    expect(asked).toEqual(["rebind.example", "rebind.example"]);
  });

  test("guarded http: plain http and credentials in the URL are refused", async () => {
    await expect(client().fetch("http://tools.example/", outside)).rejects.toEqual(fails("refused-scheme"));
    await expect(client().fetch("http://u:p@127.0.0.1/", local)).rejects.toEqual(fails("refused-scheme"));
    await expect(client().fetch("nonsense", local)).rejects.toEqual(fails("refused-scheme"));
  });

  test("guarded http: follows redirects up to the limit, dropping secrets at another origin", async () => {
    const seen: (string | undefined)[] = [];
    const target = await serve((request, response) => {
      seen.push(request.headers.authorization, request.headers["x-tandem-signature"] as string | undefined);
      response.end("there");
    });
    const url = await serve((request, response) => {
      seen.push(request.headers.authorization);
      response.writeHead(307, { location: request.url === "/1" ? "/2" : `${target}/x` }).end();
    });
    const request = { ...local, headers: { Authorization: "Bearer s", "X-Tandem-Signature": "t=1" } };
    expect((await client().fetch(`${url}/1`, request)).text()).toBe("there");
    expect(seen).toEqual(["Bearer s", "Bearer s", undefined, undefined]);
    await expect(client().fetch(`${url}/1`, { ...request, maxRedirects: 1 })).rejects.toEqual(
      fails("too-many-redirects"),
    );
  });

  test("guarded http: a redirect to a forbidden scheme is refused", async () => {
    const url = await serve((_request, response) => response.writeHead(302, { location: "file:///etc/passwd" }).end());
    await expect(client().fetch(url, local)).rejects.toEqual(fails("refused-scheme"));
  });

  test("guarded http: a body over the limit is refused, declared or not", async () => {
    const url = await serve((request, response) => {
      if (request.url === "/declared") response.setHeader("content-length", "1001");
      response.end("x".repeat(1001));
    });
    await expect(client().fetch(`${url}/declared`, local)).rejects.toEqual(fails("too-large"));
    await expect(client().fetch(`${url}/chunked`, local)).rejects.toEqual(fails("too-large"));
    expect((await client().fetch(url, { ...local, maxResponseBytes: 1001 })).body.byteLength).toBe(1001);
  });

  test("guarded http: a server that never answers, or never ends, is a timeout", async () => {
    const url = await serve((request, response) => {
      if (request.url === "/drip") response.write("x");
    });
    await expect(client().fetch(url, { ...local, timeoutMs: 50 })).rejects.toEqual(fails("timeout"));
    await expect(client().fetch(`${url}/drip`, { ...local, timeoutMs: 50 })).rejects.toEqual(fails("timeout"));
  });

  test("guarded http: a given-up request is aborted, before and during", async () => {
    const url = await serve(() => {});
    await expect(client().fetch(url, { ...local, signal: AbortSignal.abort() })).rejects.toEqual(fails("aborted"));
    const controller = new AbortController();
    const running = client().fetch(url, { ...local, signal: controller.signal });
    setImmediate(() => controller.abort());
    await expect(running).rejects.toEqual(fails("aborted"));
  });

  test("guarded http: a refused connection names host and code, and no path", async () => {
    const url = await serve(() => {});
    for (const one of open.splice(0)) await one.close();
    const failure = await client()
      .fetch(`${url}/secret-path`, local)
      .catch((error: Error) => error);
    expect(failure).toEqual(fails("network"));
    expect((failure as Error).message).toBe("127.0.0.1: the connection failed (ECONNREFUSED)");
  });
});

describe("guarded stream", () => {
  test("guarded stream: gives chunks as they come", async () => {
    let more = (): void => {};
    const url = await serve((_request, response) => {
      response.write("one");
      more = () => response.end("two");
    });
    const answer = await client().stream(url, { ...local, idleTimeoutMs: 1000 });
    const got: string[] = [];
    for await (const chunk of answer.body) {
      got.push(Buffer.from(chunk).toString());
      more();
    }
    expect(got).toEqual(["one", "two"]);
  });

  test("guarded stream: a silent server is a timeout between chunks, a slow reader is not", async () => {
    const url = await serve((_request, response) => {
      response.write("one");
    });
    const answer = await client().stream(url, { ...local, idleTimeoutMs: 400 });
    const reader = answer.body[Symbol.asyncIterator]();
    expect((await reader.next()).done).toBe(false);
    await new Promise((done) => setTimeout(done, 700));
    await expect(reader.next()).rejects.toEqual(fails("timeout"));
  });

  test("guarded stream: closing or leaving the loop frees the connection", async () => {
    let closed = 0;
    const url = await serve((_request, response) => {
      response.on("close", () => {
        closed += 1;
      });
      response.write("one");
    });
    const http = client();
    const left = await http.stream(url, { ...local, idleTimeoutMs: 1000 });
    for await (const _chunk of left.body) break;
    const unread = await http.stream(url, { ...local, idleTimeoutMs: 1000 });
    unread.close();
    unread.close();
    await expect.poll(() => closed).toBe(2);
  });

  test("guarded stream: the size limit ends the iteration", async () => {
    const url = await serve((_request, response) => response.end("x".repeat(5000)));
    const answer = client().stream(url, { ...local, maxResponseBytes: 10, idleTimeoutMs: 1000 });
    const read = async (): Promise<void> => {
      for await (const chunk of (await answer).body) expect(chunk.byteLength).toBeLessThanOrEqual(10);
    };
    await expect(read()).rejects.toEqual(fails("too-large"));
  });
});
