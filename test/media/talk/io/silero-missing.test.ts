import { expect, test, vi } from "vitest";
import { SileroBatcher } from "../../../../src/media/talk/io/silero.ts";

vi.mock("onnxruntime-node", () => {
  throw new Error("libonnxruntime.so.1: cannot open shared object file");
});

test("Silero: without its runtime the load is refused with what to do about it", async () => {
  await expect(SileroBatcher.load()).rejects.toThrow(/neural VAD cannot be loaded.*npm ci/);
});
