/*
 * The adaptive parts both directions of G.722 share (ITU-T G.722 §3.5–§3.6, §5.2.3–§5.2.5, blocks 3 and 4 of each band).
 * All values are 16-bit fixed point, so the arithmetic saturates where the Recommendation does.
 */

/** Antilog of the scale factor, 2048 · 2^(i/32) (ITU-T G.722 table 14, ILB). */
const antilog = Int16Array.from([
  2048, 2093, 2139, 2186, 2233, 2282, 2332, 2383, 2435, 2489, 2543, 2599, 2656, 2714, 2774, 2834, 2896, 2960, 3025,
  3091, 3158, 3228, 3298, 3371, 3444, 3520, 3597, 3676, 3756, 3838, 3922, 4008,
]);

/** Limits a value to 16 bits. */
export function saturate(value: number): number {
  return value > 32767 ? 32767 : value < -32768 ? -32768 : value;
}

/** How a band adapts its step: lower 6 bits, higher 2 bits. */
export interface BandLaw {
  readonly firstStep: number;
  /** Int16Array: change of the log step by code. */
  readonly logChange: Int16Array;
  readonly maxLogStep: number;
  readonly stepShift: number;
}

/** One sub-band: step size and the predictor of two poles and six zeros. `signal` is the prediction of the next sample. */
export class Band {
  signal = 0;
  step: number;
  readonly #law: BandLaw;
  #logStep = 0;
  #zeroPart = 0;
  #pole1 = 0;
  #pole2 = 0;
  #rebuilt1 = 0;
  #rebuilt2 = 0;
  #partial1 = 0;
  #partial2 = 0;
  /** Int32Array, 6: coefficients of the zeros, and the differences they weigh, newest first. */
  readonly #zeros = new Int32Array(6);
  readonly #differences = new Int32Array(6);

  constructor(law: BandLaw) {
    this.#law = law;
    this.step = law.firstStep;
  }

  /** Takes the quantised difference and its code in: predicts the next sample and sets the next step. */
  update(difference: number, code: number): void {
    this.#adaptStep(code);
    this.#adaptPoles(difference);
    this.#adaptZeros(difference);
    this.#predict();
  }

  #adaptStep(code: number): void {
    const { logChange, maxLogStep, stepShift } = this.#law;
    const log = (Math.imul(this.#logStep, 127) >> 7) + logChange[code]!;
    this.#logStep = log < 0 ? 0 : log > maxLogStep ? maxLogStep : log;
    const mantissa = antilog[(this.#logStep >> 6) & 31]!;
    const shift = stepShift - (this.#logStep >> 11);
    this.step = (shift < 0 ? mantissa << -shift : mantissa >> shift) << 2;
  }

  #adaptPoles(difference: number): void {
    const rebuilt = saturate(this.signal + difference);
    const partial = saturate(this.#zeroPart + difference);
    const sign = partial >> 15;
    const like1 = sign === this.#partial1 >> 15;
    const like2 = sign === this.#partial2 >> 15;
    const lean = saturate(this.#pole1 << 2);
    const pull = saturate(like1 ? -lean : lean);
    let pole2 = (like2 ? 128 : -128) + (pull >> 7) + (Math.imul(this.#pole2, 32512) >> 15);
    pole2 = pole2 > 12288 ? 12288 : pole2 < -12288 ? -12288 : pole2;
    let pole1 = saturate((like1 ? 192 : -192) + (Math.imul(this.#pole1, 32640) >> 15));
    const limit = 15360 - pole2;
    pole1 = pole1 > limit ? limit : pole1 < -limit ? -limit : pole1;
    this.#pole1 = pole1;
    this.#pole2 = pole2;
    this.#rebuilt2 = this.#rebuilt1;
    this.#rebuilt1 = rebuilt;
    this.#partial2 = this.#partial1;
    this.#partial1 = partial;
  }

  #adaptZeros(difference: number): void {
    const zeros = this.#zeros;
    const differences = this.#differences;
    const pull = difference === 0 ? 0 : 128;
    const sign = difference >> 15;
    let fromZeros = 0;
    for (let i = 5; i >= 0; i--) {
      const older = differences[i]!;
      // The leak keeps a coefficient inside 16 bits: |zero| · 255/256 + 128 never passes 32767.
      const zero = (older >> 15 === sign ? pull : -pull) + (Math.imul(zeros[i]!, 32640) >> 15);
      const weighed = i === 0 ? difference : differences[i - 1]!;
      zeros[i] = zero;
      differences[i] = weighed;
      fromZeros += Math.imul(zero, saturate(weighed * 2)) >> 15;
    }
    this.#zeroPart = saturate(fromZeros);
  }

  #predict(): void {
    const fromPoles = saturate(
      (Math.imul(this.#pole1, saturate(this.#rebuilt1 * 2)) >> 15) +
        (Math.imul(this.#pole2, saturate(this.#rebuilt2 * 2)) >> 15),
    );
    this.signal = saturate(fromPoles + this.#zeroPart);
  }
}

/** The lower band's law, by the four most significant bits of its code (ITU-T G.722 table 14, WL through RL42). */
export const lowerLaw: BandLaw = {
  firstStep: 32,
  logChange: Int16Array.from([-60, 3042, 1198, 538, 334, 172, 58, -30, 3042, 1198, 538, 334, 172, 58, -30, -60]),
  maxLogStep: 18432,
  stepShift: 8,
};
/** The higher band's law (ITU-T G.722 table 14, WH through RH2). */
export const higherLaw: BandLaw = {
  firstStep: 8,
  logChange: Int16Array.from([798, -214, 798, -214]),
  maxLogStep: 22528,
  stepShift: 10,
};

/** Lower band, difference for a step of 32768, by the four most significant bits (ITU-T G.722 table 17, QM4). */
export const lowerLevels4 = Int16Array.from([
  0, -20456, -12896, -8968, -6288, -4240, -2584, -1200, 20456, 12896, 8968, 6288, 4240, 2584, 1200, 0,
]);
/** Lower band, all six bits (ITU-T G.722 table 17, QM6). */
export const lowerLevels6 = Int16Array.from([
  -136, -136, -136, -136, -24808, -21904, -19008, -16704, -14984, -13512, -12280, -11192, -10232, -9360, -8576, -7856,
  -7192, -6576, -6000, -5456, -4944, -4464, -4008, -3576, -3168, -2776, -2400, -2032, -1688, -1360, -1040, -728, 24808,
  21904, 19008, 16704, 14984, 13512, 12280, 11192, 10232, 9360, 8576, 7856, 7192, 6576, 6000, 5456, 4944, 4464, 4008,
  3576, 3168, 2776, 2400, 2032, 1688, 1360, 1040, 728, 432, 136, -432, -136,
]);
/** Higher band (ITU-T G.722 table 17, QM2). */
export const higherLevels = Int16Array.from([-7408, -1616, 7408, 1616]);
/** Half of the 24 coefficients of the mirror filters; the other half is the same backwards (ITU-T G.722 table 11). */
export const mirrorFilter = Int16Array.from([3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11]);
