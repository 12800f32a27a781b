import type { HeaderField } from "./field.ts";
import { canonicalName, isListHeader, knownName } from "./names.ts";
import { maxListValues, splitList } from "./scan.ts";

/** One header line: canonical name, unfolded value. */
export type HeaderLine = readonly [name: string, value: string];

interface ReadValues {
  readonly values: readonly unknown[];
  /** True when a value of this header could not be read and is missing in `values`. */
  readonly malformed: boolean;
}

const nothingRead: ReadValues = { values: [], malformed: false };

/** The headers of one message, in order. Values are read when somebody asks, once. */
export class SipHeaders {
  #names: string[] = [];
  #values: string[] = [];
  /** What typed readers found, by field; dropped by every change. */
  #read: Map<unknown, ReadValues> | undefined;

  /** Headers from lines of our own. */
  static of(...lines: readonly HeaderLine[]): SipHeaders {
    const headers = new SipHeaders();
    for (const [name, value] of lines) headers.add(name, value);
    return headers;
  }

  /** Number of header lines. */
  get size(): number {
    return this.#names.length;
  }

  /** Every line in order. */
  *[Symbol.iterator](): IterableIterator<HeaderLine> {
    for (let i = 0; i < this.#names.length; i++) yield [this.#names[i]!, this.#values[i]!];
  }

  /** The value of the first line of that name (full or compact, any case), not cut at commas. */
  get(name: string): string | undefined {
    const index = this.#find(name, 0);
    return index < 0 ? undefined : this.#values[index];
  }

  /** Every value of that name, list headers cut at commas. A list line that cannot be cut is left out. */
  getAll(name: string): string[] {
    const wanted = canonicalName(name);
    const all: string[] = [];
    for (let i = this.#find(wanted, 0); i >= 0; i = this.#find(wanted, i + 1)) {
      if (isListHeader(wanted)) all.push(...(splitList(this.#values[i]!) ?? []));
      else all.push(this.#values[i]!);
    }
    return all;
  }

  /** Number of lines of that name. */
  count(name: string): number {
    const wanted = canonicalName(name);
    let count = 0;
    for (let i = this.#find(wanted, 0); i >= 0; i = this.#find(wanted, i + 1)) count++;
    return count;
  }

  has(name: string): boolean {
    return this.#find(name, 0) >= 0;
  }

  /** The first typed value; undefined when absent or malformed (`isMalformed` tells which). */
  first<T>(field: HeaderField<T>): T | undefined {
    return this.#readField(field).values[0] as T | undefined;
  }

  /** Every readable typed value, in order. */
  all<T>(field: HeaderField<T>): readonly T[] {
    return this.#readField(field).values as readonly T[];
  }

  /** True when at least one value of this header is there and cannot be read. */
  isMalformed(field: HeaderField<unknown>): boolean {
    return this.#readField(field).malformed;
  }

  /** Adds a line at the end. A line break in the value would begin another header, so it throws. */
  add(name: string, value: string): this {
    checkLine(name, value);
    return this.addUnchecked(canonicalName(name), value);
  }

  /** Adds a line whose canonical name and clean value the caller vouches for: the parser, which has looked. */
  addUnchecked(name: string, value: string): this {
    this.#names.push(name);
    this.#values.push(value);
    this.#read = undefined;
    return this;
  }

  /** Adds a typed value as its own line at the end. */
  put<T>(field: HeaderField<T>, value: T): this {
    return this.add(field.name, field.write(value));
  }

  /** Adds a typed value as its own line before all others (Via on the way out). */
  prepend<T>(field: HeaderField<T>, value: T): this {
    const text = field.write(value);
    checkLine(field.name, text);
    this.#names.unshift(field.name);
    this.#values.unshift(text);
    this.#read = undefined;
    return this;
  }

  /** Replaces all lines of that name by one, at the place of the first (at the end when there was none). */
  set(name: string, value: string): this {
    checkLine(name, value);
    const wanted = canonicalName(name);
    const first = this.#find(wanted, 0);
    if (first < 0) return this.addUnchecked(wanted, value);
    for (let i = this.#find(wanted, first + 1); i >= 0; i = this.#find(wanted, i)) this.#drop(i);
    this.#values[first] = value;
    this.#read = undefined;
    return this;
  }

  /** Replaces all lines of a typed header by one value. */
  replace<T>(field: HeaderField<T>, value: T): this {
    return this.set(field.name, field.write(value));
  }

  /**
   * Replaces the first value of a list header and keeps the others, which may stand on the same line (the top Via with
   * `received` and `rport` filled in, RFC 3581 §4).
   */
  replaceFirst<T>(field: HeaderField<T>, value: T): this {
    const index = this.#find(field.name, 0);
    if (index < 0) return this.put(field, value);
    const rest = (splitList(this.#values[index]!) ?? []).slice(1);
    const text = [field.write(value), ...rest].join(", ");
    checkLine(field.name, text);
    this.#values[index] = text;
    this.#read = undefined;
    return this;
  }

  /** Removes every line of that name. */
  remove(name: string): this {
    const wanted = canonicalName(name);
    for (let i = this.#find(wanted, 0); i >= 0; i = this.#find(wanted, i)) this.#drop(i);
    return this;
  }

  /** Copies every line of that name from another message, in order, as received. */
  copy(name: string, from: SipHeaders): this {
    const wanted = canonicalName(name);
    for (let i = from.#find(wanted, 0); i >= 0; i = from.#find(wanted, i + 1)) {
      this.addUnchecked(from.#names[i]!, from.#values[i]!);
    }
    return this;
  }

  /** A copy that can be changed without changing this one. */
  clone(): SipHeaders {
    const copy = new SipHeaders();
    copy.#names = this.#names.slice();
    copy.#values = this.#values.slice();
    return copy;
  }

  #find(name: string, from: number): number {
    const known = knownName(name);
    if (known !== undefined) return this.#names.indexOf(known, from);
    // Unknown names keep the sender's spelling, so they are compared without case.
    const lower = name.toLowerCase();
    for (let i = from; i < this.#names.length; i++) if (this.#names[i]!.toLowerCase() === lower) return i;
    return -1;
  }

  #drop(index: number): void {
    this.#names.splice(index, 1);
    this.#values.splice(index, 1);
    this.#read = undefined;
  }

  #readField<T>(field: HeaderField<T>): ReadValues {
    const known = this.#read?.get(field);
    if (known !== undefined) return known;
    const read = this.#parseField(field);
    this.#read ??= new Map();
    this.#read.set(field, read);
    return read;
  }

  #parseField<T>(field: HeaderField<T>): ReadValues {
    let index = this.#names.indexOf(field.name);
    if (index < 0) return nothingRead;
    const values: T[] = [];
    let malformed = false;
    const isList = isListHeader(field.name);
    for (; index >= 0; index = this.#names.indexOf(field.name, index + 1)) {
      const line = this.#values[index]!;
      const texts = isList ? splitList(line) : [line];
      if (texts === undefined) malformed = true;
      for (const text of texts ?? []) {
        const value = values.length < maxListValues ? field.parse(text) : undefined;
        if (value === undefined) malformed = true;
        else values.push(value);
      }
    }
    return { values, malformed };
  }
}

function checkLine(name: string, value: string): void {
  if (!/^[-\w.!%*+`'~]+$/.test(name) || /[\r\n]/.test(value)) throw new Error(`SIP header ${name}: line break in it`);
}
