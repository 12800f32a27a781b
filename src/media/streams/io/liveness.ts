/** Sweeps that fit into one idle timeout: a silent socket is found between 1 and 1 + 1/sweeps timeouts after its last sign. */
const sweepsPerTimeout = 4;

/** How often a server calls `Liveness.sweep`, in ms. */
export function sweepEveryMs(idleTimeoutMs: number): number {
  return Math.max(1, Math.ceil(idleTimeoutMs / sweepsPerTimeout));
}

/**
 * Whether the other end of a socket is still there. A half-open socket looks healthy to TCP for many minutes, so silence
 * is answered with a ping (RFC 6455 §5.5.2) and silence after that with the end. Costs one assignment a message.
 */
export class Liveness {
  #heard = true;
  #silentSweeps = 0;

  /** The peer gave a sign of life: a message, a ping or a pong. */
  heard(): void {
    this.#heard = true;
  }

  /** To be called every `sweepEveryMs`. `ping`: ask the peer for a sign; `dead`: give the socket up. */
  sweep(): "alive" | "ping" | "dead" {
    if (this.#heard) {
      this.#heard = false;
      this.#silentSweeps = 0;
      return "alive";
    }
    this.#silentSweeps++;
    if (this.#silentSweeps >= sweepsPerTimeout) return "dead";
    return this.#silentSweeps >= sweepsPerTimeout / 2 ? "ping" : "alive";
  }
}
