/** The words a one-time code is found by, and those that rule a figure out. */

/** Not inside a longer word of an alphabet that has spaces. */
const wordStart = "(?<![\\p{L}\\p{N}])";
const wordEnd = "(?![\\p{L}\\p{N}])";

const anyOf = (words: readonly string[]) => `(?:${words.join("|")})`;

/** What is called a code: patterns, in the languages such texts come in. */
const codeNames = [
  "one[ -]?time",
  "otps?|2fa|mfa|m?tan|pin|token",
  "(?:pass ?)?codes?|passwords?|passkey",
  "verif(?:y|ying|ied|ication)|authenticat\\p{L}+|log ?in|sign[ -]?in",
  "c[oó]d(?:igos?|ice|ici|e|i|ul)?|clave|contrase[nñ]a|senha|mot de passe",
  "\\p{L}{0,20}(?:kode[nr]?|koodi|kodu?|k[oó]d)|\\p{L}{1,20}codes?|\\p{L}{0,20}passwort|\\p{L}{0,20}wachtwoord|has[lł]o",
  "m[aã] (?:x[aá]c|otp)(?: \\p{L}+)?|m[aã]",
  "код\\p{L}{0,3}|парол\\p{L}{1,3}|пин|κωδικ\\p{L}{1,3}",
  "קוד|סיסמה|رمز|الرمز|رمزك|كود|کد|कोड|ओटीपी|รหัส",
];
/** The same in writing without spaces. */
const codeNamesUnspaced = [
  "验证码|校验码|动态码|动态密码|驗證碼",
  "認証コード|確認コード|認証番号|コード|パスワード",
  "인증 ?번호|인증 ?코드|확인 ?코드|비밀번호",
];

/** What is called a code and is none. */
const otherCodeNames = [
  "promo(?:tion(?:al)?)?",
  "discount|coupon|voucher|gift(?: card)?|referral|invit(?:e|ation)",
  "zip|postal|post|area|country|dial(?:l?ing)?",
  "dress|qr|bar|error|status|source|sort|swift|product|item|tracking",
];

/** What a figure directly behind it counts or names, so that it is no code. */
const figureNames = [
  "orders?|tickets?|invoice|receipt|ref(?:erence)?|tracking|parcel|package|shipment",
  "account|acct|a/c|cards?|iban|ending(?: in| with)?|ends (?:in|with)",
  "flight|train|case|booking|reservation|appointment|room|gate|suite|apt|unit|zip|ext(?:ension)?",
  "customer|member(?:ship)?|policy|claim|serial|model|version|since|until",
  "(?:text|txt|sms|send|reply|message)(?: \\p{L}{1,12})? to",
  "dial|call|phone|tel(?:ephone)?|mobile|fax|whatsapp|shortcode",
  "amount|balance|total|paid|pay|payment|paying|debited|credited|sum|worth|save|win|won|earned",
  "number|№",
];

const currencies = "[$€£¥₹₽₩₪฿]";
const currencyNames = [
  "usd|eur|euros?|gbp|inr|rs|ngn|kes|zar|aed|sar|php|idr|rp|myr|rm|sgd|aud|cad|mxn|brl",
  "chf|kr|sek|nok|dkk|pln|zł|try|tl|rub|uah|jpy|cny|hkd|krw|vnd|thb",
];
const unitNames = [
  "dollars?|pounds?|rupees?|pesos?|yen|won|cents?|credits?|points?|pts|coins?",
  "miles?|kms?|kgs?|lbs?|mb|gb|kb|kwh|steps|cal(?:ories)?",
  "seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?|months?|years?|am|pm",
  "people|users|customers|items|pcs|times",
];

/** A word for a code. */
export const codeWord = new RegExp(`${wordStart}${anyOf(codeNames)}${wordEnd}|${anyOf(codeNamesUnspaced)}`, "giu");

/** "Promo code" and its like. */
export const otherCode = new RegExp(`${wordStart}${anyOf(otherCodeNames)}[ -]?codes?${wordEnd}`, "giu");

/** Stands directly before a figure that is no code; for the text before the figure. */
export const figureName = new RegExp(
  `${wordStart}${anyOf(figureNames)}(?: ?(?:no|number|id|#|:|\\.))*(?: (?:is|was))? ?#?$`,
  "iu",
);

/** An amount of money, or the stars of a hidden card number; for the text before the figure. */
export const moneyBefore = new RegExp(
  `(?:${currencies}|${wordStart}${anyOf(currencyNames)}\\.?|[*•]{2,}|[*•x]{3,}) ?$`,
  "iu",
);

/** What a figure counts; for the text behind it. */
export const unitBehind = new RegExp(
  `^(?: ?(?:[%°]|${currencies})| ?${anyOf([...currencyNames, ...unitNames])}${wordEnd}|['’]s)`,
  "iu",
);

const copulas = [
  "is|are|ist|lautet|es|est|é|è|er|är|on|jest|to|este|là|adalah|είναι|ваш",
  "use|enter|type|input|insert|submit|with|utilisez|usa|use o|ange|indtast|syötä|введите|nhập",
];

/** Says that what follows is what was named before; for the text between the two. */
export const saysWhatFollows = new RegExp(
  `(?:^|${wordStart}${anyOf(copulas)}|[:=：→]|->|[为為是은는は])[\\s"'“”‘’«(\\[{<*【「#:-]*$`,
  "iu",
);

/** Says what the figure before it is; for the text behind the figure. */
export const saysWhatItIs =
  /^[\s"'“”‘’»)\]}>*】」.,]*(?:(?:is|ist|es|est|é|è|er|är|on|jest|to|este|là|adalah|είναι)(?!\p{L})|[:=–—-]|[は是为為（(]|이|가)/iu;

/** Words in capitals that say something about a code and are none. */
export const notCodes: ReadonlySet<string> = new Set([
  "VALID",
  "INVALID",
  "EXPIRED",
  "READY",
  "ACTIVE",
  "SECRET",
  "PRIVATE",
  "WRONG",
  "BELOW",
  "ABOVE",
  "HERE",
  "ONLY",
]);
