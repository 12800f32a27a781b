/** Levels below this are all one silence to the correlation. */
const floorDbov = -60;
/** What was heard a second ago weighs 1/e. */
const forgetting = 1 - 1 / 50;
/** Weight of frames (of at most 50) needed before anything is said, and the variance in dB² of both sides. */
const minWeight = 25;
const minVariance = 9;
const minCorrelation = 0.65;
/** Frames between two looks at all lags. */
const lookEvery = 5;

/** Finds the delay of an echo from the normalised cross-correlation of two level envelopes, with slow forgetting. */
export class DelayFinder {
  readonly #minLag: number;
  readonly #sumX: Float64Array;
  readonly #sumXx: Float64Array;
  readonly #sumXy: Float64Array;
  #sumY = 0;
  #sumYy = 0;
  #weight = 0;
  #frames = 0;
  #best: number | undefined;
  #lag = 0;

  /** Lags in frames, both included. */
  constructor(minLag: number, maxLag: number) {
    this.#minLag = minLag;
    this.#sumX = new Float64Array(maxLag - minLag + 1);
    this.#sumXx = new Float64Array(maxLag - minLag + 1);
    this.#sumXy = new Float64Array(maxLag - minLag + 1);
  }

  /** The delay found, in frames; means something while `push` gives a correlation. */
  get lag(): number {
    return this.#lag;
  }

  /** One frame of both sides, `sentDbov` by lag from the smallest on; the best correlation, when there is one. */
  push(heardDbov: number, sentDbov: Float32Array): number | undefined {
    const y = Math.max(floorDbov, heardDbov) - floorDbov;
    this.#sumY = this.#sumY * forgetting + y;
    this.#sumYy = this.#sumYy * forgetting + y * y;
    this.#weight = this.#weight * forgetting + 1;
    for (let i = 0; i < this.#sumX.length; i += 1) {
      const x = Math.max(floorDbov, sentDbov[i]!) - floorDbov;
      this.#sumX[i] = this.#sumX[i]! * forgetting + x;
      this.#sumXx[i] = this.#sumXx[i]! * forgetting + x * x;
      this.#sumXy[i] = this.#sumXy[i]! * forgetting + x * y;
    }
    this.#frames += 1;
    if (this.#frames % lookEvery === 0) this.#look();
    return this.#best;
  }

  /** Forgets all it heard. */
  reset(): void {
    this.#sumX.fill(0);
    this.#sumXx.fill(0);
    this.#sumXy.fill(0);
    this.#sumY = 0;
    this.#sumYy = 0;
    this.#weight = 0;
    this.#best = undefined;
  }

  #look(): void {
    this.#best = undefined;
    const weight = this.#weight;
    const meanY = this.#sumY / weight;
    const varianceY = this.#sumYy / weight - meanY * meanY;
    if (weight < minWeight || varianceY < minVariance) return;
    let best = minCorrelation;
    for (let i = 0; i < this.#sumX.length; i += 1) {
      const meanX = this.#sumX[i]! / weight;
      const varianceX = this.#sumXx[i]! / weight - meanX * meanX;
      if (varianceX < minVariance) continue;
      const correlation = (this.#sumXy[i]! / weight - meanX * meanY) / Math.sqrt(varianceX * varianceY);
      if (correlation <= best) continue;
      best = correlation;
      this.#best = correlation;
      this.#lag = this.#minLag + i;
    }
  }
}
