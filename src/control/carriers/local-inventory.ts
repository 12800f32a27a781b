/**
 * The numbers of the local carrier: only those that the authorities keep for films and books, so that nobody's real
 * telephone is ever sold. Each block is `<prefix><digits>`, its digits counted up from `from`.
 */
import { type E164, parseE164 } from "../../kit/ids.ts";
import type { AvailableNumber, NumberSearch, NumberType } from "./carrier.ts";

/** A row of numbers: `prefix` and `size` numbers after it, the first with `from` in `width` digits. */
interface Block {
  readonly country: string;
  readonly type: NumberType;
  readonly areaCode: string | null;
  readonly prefix: string;
  readonly from: number;
  readonly size: number;
  readonly width: number;
}

// North American Numbering Plan: 555-0100 to 555-0199 of each area code (ATIS-0300115).
const unitedStates =
  "205 206 207 208 209 210 212 213 214 215 216 217 218 219 220 224 225 227 228 229 231 234 239 240 248 251 252 253 254 " +
  "256 260 262 267 269 270 272 276 281 301 302 303 304 305 307 308 309 310 312 313 314 315 316 317 318 319 320 321 323 " +
  "325 330 331 334 336 337 339 346 347 351 352 360 361 364 385 386 401 402 404 405 406 407 408 409 410 412 413 414 415 " +
  "417 419 423 424 425 430 432 434 435 440 442 443 458 469 470 475 478 479 480 484 501 502 503 504 505 507 508 509 510 " +
  "512 513 515 516 517 518 520 530 531 534 539 540 541 551 559 561 562 563 567 570 571 573 574 575 580 585 586 601 602 " +
  "603 605 606 607 608 609 610 612 614 615 616 617 618 619 620 623 626 628 629 630 631 636 641 646 650 651 657 660 661 " +
  "662 667 669 678 681 682 701 702 703 704 706 707 708 712 713 714 715 716 717 718 719 720 724 725 727 731 732 734 737 " +
  "740 747 754 757 760 762 763 765 769 770 772 773 774 775 779 781 785 786 801 802 803 804 805 806 808 810 812 813 814 " +
  "815 816 817 818 828 830 831 832 843 845 847 848 850 854 856 857 858 859 860 862 863 864 865 870 872 878 901 903 904 " +
  "906 907 908 909 910 912 913 914 915 916 917 918 919 920 925 928 929 930 931 936 937 938 940 941 947 949 951 952 954 " +
  "956 959 970 971 972 973 978 979 980 984 985 989";
const canada =
  "204 226 236 249 250 289 306 343 365 403 416 418 431 437 438 450 506 514 519 548 579 581 587 604 613 639 647 672 705 " +
  "709 778 780 782 807 819 825 867 873 902 905";
const tollFree = "800 833 844 855 866 877 888";

function northAmerican(country: string, areaCodes: string): Block[] {
  // Nobody can tell a mobile number from another there: the last twenty of each hundred are sold as such.
  return areaCodes.split(" ").flatMap((areaCode): Block[] => {
    const block = { country, areaCode, prefix: `+1${areaCode}555`, width: 4 };
    return [
      { ...block, type: "local", from: 100, size: 80 },
      { ...block, type: "mobile", from: 180, size: 20 },
    ];
  });
}

function northAmericanTollFree(country: string, from: number): Block[] {
  return tollFree.split(" ").map((areaCode): Block => {
    return { country, type: "tollfree", areaCode, prefix: `+1${areaCode}555`, from, size: 50, width: 4 };
  });
}

const block = (
  country: string,
  type: NumberType,
  areaCode: string | null,
  prefix: string,
  width: number,
  size = 10 ** width,
): Block => ({ country, type, areaCode, prefix, from: 0, size, width });

const blocks: readonly Block[] = [
  ...northAmerican("US", unitedStates),
  ...northAmericanTollFree("US", 100),
  ...northAmerican("CA", canada),
  ...northAmericanTollFree("CA", 150),
  // United Kingdom (Ofcom, numbers for drama).
  block("GB", "local", "20", "+4420794600", 2),
  block("GB", "local", "121", "+441214960", 3),
  block("GB", "local", "131", "+441314960", 3),
  block("GB", "local", "161", "+441614960", 3),
  block("GB", "mobile", null, "+447700900", 3),
  block("GB", "tollfree", "808", "+448081570", 3),
  // Australia (ACMA, fictitious numbers).
  block("AU", "local", "2", "+6125550", 4),
  block("AU", "local", "3", "+6135550", 4),
  block("AU", "local", "7", "+6175550", 4),
  block("AU", "local", "8", "+6185550", 4),
  // Germany (Bundesnetzagentur, numbers for media productions).
  block("DE", "local", "30", "+493023125", 3),
  block("DE", "local", "40", "+494066969", 3),
  block("DE", "local", "69", "+496990009", 3),
  block("DE", "local", "89", "+498999998", 3),
  block("DE", "mobile", null, "+4917139200", 2),
  // France (ARCEP, numbers for audiovisual works).
  block("FR", "local", "1", "+331990", 5, 1000),
  block("FR", "local", "4", "+3346571", 4),
  block("FR", "mobile", null, "+3363998", 4),
];

const areaCodesOfCanada = new Set(canada.split(" "));

/** What a number says of itself by its digits; undefined when it is not in the inventory. */
export function describeNumber(number: string): AvailableNumber | undefined {
  for (const one of blocks) {
    if (!number.startsWith(one.prefix)) continue;
    const digits = number.slice(one.prefix.length);
    const place = Number(digits) - one.from;
    if (digits.length === one.width && /^[0-9]+$/.test(digits) && place >= 0 && place < one.size) return at(one, place);
  }
  return undefined;
}

/** Every number that fits, one of each block in turn, so that those without a wish do not all want the same ones. */
export function* numbersOf(search: Omit<NumberSearch, "limit">): Generator<AvailableNumber> {
  const { country, type = "local", areaCode } = search;
  const fitting = blocks.filter(
    (one) => one.country === country && one.type === type && (areaCode === undefined || one.areaCode === areaCode),
  );
  const longest = Math.max(0, ...fitting.map(({ size }) => size));
  for (let place = 0; place < longest; place += 1) {
    for (const one of fitting) if (place < one.size) yield at(one, place);
  }
}

/** The country of a number by its calling code, as far as the gateway's rules need to know; undefined: another one. */
export function countryOf(number: E164): string | undefined {
  const known = describeNumber(number);
  if (known) return known.country;
  if (!number.startsWith("+1")) return callingCodes.find(([code]) => number.startsWith(code))?.[1];
  const areaCode = number.slice(2, 5);
  if (areaCodesOfCanada.has(areaCode)) return "CA";
  return caribbean.has(areaCode) ? undefined : "US";
}

const callingCodes = [
  ["+33", "FR"],
  ["+44", "GB"],
  ["+49", "DE"],
  ["+61", "AU"],
] as const;

/** Area codes of +1 that belong neither to the United States nor to Canada. */
const caribbean = new Set(
  "242 246 264 268 284 345 441 473 649 658 664 721 758 767 784 809 829 849 868 869 876".split(" "),
);

function at({ country, areaCode, type, prefix, from, width }: Block, place: number): AvailableNumber {
  const number = parseE164(prefix + String(from + place).padStart(width, "0"));
  if (!number) throw new Error(`the block ${prefix} holds numbers that are not E.164`);
  return { number, country, areaCode, type, capabilities: ["voice", "sms"] };
}
