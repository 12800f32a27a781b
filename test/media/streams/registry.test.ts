import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import * as registry from "../../../src/media/streams/registry.ts";

describe("stream protocol registry", () => {
  for (const [name, protocol] of Object.entries(registry)) {
    test(`${name}: is listed under its carrier's name`, () => {
      expect(protocol.carrier).toBe(name);
    });

    test(`${name}: has a test that runs the shared suite`, () => {
      const file = new URL(`./${name}.test.ts`, import.meta.url);
      expect(existsSync(file), `test/media/streams/${name}.test.ts is missing`).toBe(true);
      expect(readFileSync(file, "utf8")).toContain("protocolSuite({");
    });
  }
});
