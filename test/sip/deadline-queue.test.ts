import { describe, expect, test } from "vitest";
import { DeadlineQueue } from "../../src/sip/deadline-queue.ts";
import { SeededRandom } from "../kit/seeded-random.ts";

describe("deadline queue", () => {
  test("deadline queue: agrees with a plain list over ten thousand random steps", () => {
    const queue = new DeadlineQueue();
    const plain = new Map<string, number>();
    const random = new SeededRandom(3);
    for (let step = 0; step < 10_000; step++) {
      const key = `k${random.int(0, 50)}`;
      if (random.chance(0.6)) {
        const at = random.int(0, 1000);
        queue.set(key, at);
        plain.set(key, at);
      } else if (random.chance(0.5)) {
        queue.set(key, undefined);
        plain.delete(key);
      } else {
        const least = plain.size === 0 ? undefined : Math.min(...plain.values());
        const taken = queue.takeDue(500);
        if (least === undefined || least > 500) expect(taken).toBeUndefined();
        else {
          expect(plain.get(taken!)).toBe(least);
          plain.delete(taken!);
        }
      }
      expect(queue.next).toBe(plain.size === 0 ? undefined : Math.min(...plain.values()));
    }
  });
});
