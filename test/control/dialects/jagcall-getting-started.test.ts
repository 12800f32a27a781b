/** JagCall's page "Getting started": its samples against a gateway that listens, only the base URL changed. */
import { once } from "node:events";
import { request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, test } from "vitest";
import { type VendorHouse, vendorHouse } from "./vendor-house.ts";

/** A gateway that listens on loopback, with two agents; its base URL. */
async function listening(): Promise<{ house: VendorHouse; baseUrl: string }> {
  const house = await vendorHouse("jagcall", "/v1");
  await house.request("POST", "/agents", { name: "Sales Agent" });
  await house.request("POST", "/agents", { name: "Support Agent" });
  await house.app.listen({ host: "127.0.0.1", port: 0 });
  const { port } = house.app.server.address() as AddressInfo;
  return { house, baseUrl: `http://127.0.0.1:${port}/v1` };
}

interface ListedAgent {
  readonly id: string;
  readonly name: string;
}

describe("JagCall, getting started", () => {
  test("node.js: all agents are listed", async () => {
    const { house, baseUrl: BASE_URL } = await listening();
    const API_KEY = house.vendorKey;
    const lines: string[] = [];

    const response = await fetch(`${BASE_URL}/agents`, {
      headers: {
        Authorization: `Bearer ${API_KEY}`,
        "Content-Type": "application/json",
      },
    });

    const { data: agents } = (await response.json()) as { data: ListedAgent[] };
    agents.forEach((agent) => {
      lines.push(`${agent.name} (${agent.id})`);
    });

    expect(lines.toSorted()).toEqual([
      expect.stringMatching(/^Sales Agent \(agt_[0-9a-z]{26}\)$/),
      expect.stringMatching(/^Support Agent \(agt_[0-9a-z]{26}\)$/),
    ]);
  });

  test("curl: a GET that says what kind of body it has not; a base URL that ends in a slash", async () => {
    const { house, baseUrl } = await listening();
    for (const url of [`${baseUrl}/agents`, `${baseUrl}//agents`, `${baseUrl.replace("/v1", "/jagcall/v1")}/agents`]) {
      const asked = httpRequest(url, {
        headers: {
          Authorization: `Bearer ${house.vendorKey}`,
          "Content-Type": "application/json",
          "User-Agent": "curl/8.5.0",
          Accept: "*/*",
        },
      }).end();
      const [reply] = await once(asked, "response");
      let body = "";
      for await (const part of reply) body += part;
      expect([url, reply.statusCode, JSON.parse(body).pagination.total]).toEqual([url, 200, 2]);
    }
  });

  test("a key that was revoked: the documented body", async () => {
    const { baseUrl } = await listening();
    const response = await fetch(`${baseUrl}/agents`, { headers: { Authorization: "Bearer jc_live_abc123..." } });
    expect([response.status, await response.json()]).toEqual([
      401,
      {
        error: {
          code: "invalid_api_key",
          message: "The API key provided is invalid or has been revoked.",
          status: 401,
        },
      },
    ]);
  });
});
