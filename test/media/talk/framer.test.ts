import { expect, test } from "vitest";
import { Framer } from "../../../src/media/talk/framer.ts";

function frames(pieces: number[][]): number[][] {
  const framer = new Framer(4);
  const out: number[][] = [];
  for (const piece of pieces) framer.push(Uint8Array.from(piece), (frame) => out.push([...frame]));
  return out;
}

test("framer: a piece that is a frame passes as it is", () => {
  const framer = new Framer(4);
  const piece = Uint8Array.of(1, 2, 3, 4);
  framer.push(piece, (frame) => expect(frame).toBe(piece));
  expect.assertions(1);
});

test("framer: pieces of any length come out as whole frames, in order, nothing lost", () => {
  expect(frames([[1, 2, 3], [4, 5], [6, 7, 8, 9, 10, 11, 12, 13], [14]])).toEqual([
    [1, 2, 3, 4],
    [5, 6, 7, 8],
    [9, 10, 11, 12],
  ]);
});
