import { describe, expect, test } from "vitest";
import { extractOtp } from "../../../../src/control/service/texts/otp.ts";

/** Texts as services send them, and the code a person would type. */
const withCode: readonly (readonly [body: string, code: string])[] = [
  ["Your verification code is 482913", "482913"],
  ["482913 is your verification code.", "482913"],
  ["G-123456 is your Google verification code.", "123456"],
  ["[Google] Your verification code is G-742918", "742918"],
  ["FB-30912 is your Facebook confirmation code", "30912"],
  ["Your WhatsApp code: 123-456. You can also tap on this link to verify your phone: v.whatsapp.com/123456", "123456"],
  ["Your WhatsApp Business code 731-204\nDon't share this code with others", "731204"],
  ["123 456 is your Instagram code. Don't share it.", "123456"],
  ["<#> 918 273 is your Instagram code. Don't share it. SIYRxKrru1t", "918273"],
  ["Telegram code: 52413\n\nYou can also tap on this link to log in: https://t.me/login/52413", "52413"],
  ["Uber: Your code is 4821. Never share this code. Reply STOP ALL to unsubscribe.", "4821"],
  ["Your Uber code is 7391. Reply STOP to +1 415-237-0403 to unsubscribe.", "7391"],
  ["Your Lyft code is 620114", "620114"],
  ["Amazon: Your code is 904417. Don't share it. If you didn't request this, call 1-888-280-4331.", "904417"],
  ["771204 is your Amazon OTP. Do not share it with anyone.", "771204"],
  ["Use verification code 332211 for Microsoft authentication.", "332211"],
  ["Microsoft access code: 8127", "8127"],
  ["Use 4471 as Microsoft account security code", "4471"],
  ["Your Apple ID Code is: 554433. Don't share it with anyone.", "554433"],
  ["Your Apple Account code is: 120987. Do not share it.\n@apple.com #120987 %apple.com", "120987"],
  ["Your ExampleCo code is 747723.\n\n@example.com #747723", "747723"],
  ["PayPal: 402915 is your security code. Don't share your code.", "402915"],
  ["PayPal: Your security code is 118822. Your code expires in 10 minutes. Please don't reply.", "118822"],
  ["Your Stripe verification code is: 301-558. Don't share this code with anyone.", "301558"],
  ["Your Twilio Verify API verification code is: 6612", "6612"],
  ["Your Authy verification code is: 1834029", "1834029"],
  ["(Coinbase) Your verification code is: 5559127. Do NOT share.", "5559127"],
  ["Discord security code: 663 091", "663091"],
  ["Your Discord verification code is: 883120", "883120"],
  [
    "[TikTok] 204918 is your verification code, valid for 5 minutes. To keep your account safe, never forward this code.",
    "204918",
  ],
  ["[Steam] Your Steam Guard code is RDKFX", "RDKFX"],
  ["Your Steam verification code is 5KD3F", "5KD3F"],
  ["Your one-time password is A1B2C3. It expires in 15 minutes.", "A1B2C3"],
  ["Enter code 9XK4-22PQ to sign in.", "9XK4-22PQ"],
  ["Your login code: k7f2qz", "k7f2qz"],
  [
    "Your OTP for transaction of INR 4500.00 at AMAZON on card ending 1234 is 829104. Valid till 12:45. Do not share.",
    "829104",
  ],
  ["829104 is the OTP for txn of Rs 12,499 at FLIPKART on your HDFC Bank card xx4321. Valid for 10 mins.", "829104"],
  ["OTP is 56781234 for login to NetBanking at 2026-11-22 14:05:33. Never share OTP.", "56781234"],
  ["Dear Customer, 7719 is your PIN to confirm order #8841920.", "7719"],
  ["Your order 5512345 needs a delivery PIN: 2047", "2047"],
  ["Chase: One-time code is 38471920. We'll NEVER call you for it. Call 1-800-935-9935 if you didn't ask.", "38471920"],
  ["WF: Your temporary access code is 913377. Call 18008693557 if this wasn't you", "913377"],
  [
    "BofA: DO NOT share this code. We will NEVER call or text for it. Code 219844. Reply HELP if you didn't request it.",
    "219844",
  ],
  ["Your code is 2024", "2024"],
  ["Verification code: 1 2 3 4 5 6", "123456"],
  ["Your security code is 12 34 56", "123456"],
  ["Code: 1234 5678", "12345678"],
  ['Your code is "605518". Thanks!', "605518"],
  ["*605518* is your login code", "605518"],
  ["Enter 73920 to verify your phone number +1 415 555 1234", "73920"],
  ["To verify your number (415) 555-1234, enter 73920.", "73920"],
  ["482913\n\nUse this code to finish signing in to Acme.", "482913"],
  ["482913", "482913"],
  [" 4829 ", "4829"],
  ["G-482913", "482913"],
  ["Your code is: ４８２９１３", "482913"],
  ["Your code is 48\u200b29\u200b13", "482913"],
  ["ref: HKQZ, your code HKQZ-482913", "482913"],
  ["Tu código de verificación es 482913. No lo compartas.", "482913"],
  ["Tu código de verificación de Mercado Libre: 482913", "482913"],
  ["Seu código de verificação é 482913", "482913"],
  ["Votre code de vérification est 482913", "482913"],
  ["482913 est votre code de confirmation Doctolib", "482913"],
  ["Ihr Bestätigungscode lautet 482913.", "482913"],
  ["482 913 ist dein Instagram-Code.", "482913"],
  ["mTAN für Überweisung von 1.250,00 EUR an DE12500105170648489890: 771829", "771829"],
  ["Il tuo codice di verifica è 482913", "482913"],
  ["Je verificatiecode is 482913", "482913"],
  ["Din kode er 482913", "482913"],
  ["Twój kod weryfikacyjny to 482913", "482913"],
  ["Doğrulama kodu: 482913", "482913"],
  ["Ваш код подтверждения: 482913. Никому не сообщайте", "482913"],
  ["482913 — ваш код для входа", "482913"],
  ["Ο κωδικός σας είναι 482913", "482913"],
  ["【京东】验证码:482913，您正在登录，请勿泄露。", "482913"],
  ["【阿里云】您的验证码482913，该验证码5分钟内有效", "482913"],
  ["認証コードは482913です。", "482913"],
  ["[카카오] 인증번호 482913을 입력해주세요.", "482913"],
  ["رمز التحقق الخاص بك هو ٤٨٢٩١٣", "482913"],
  ["קוד האימות שלך הוא 482913", "482913"],
  ["आपका ओटीपी 482913 है", "482913"],
  ["Mã xác nhận của bạn là 482913", "482913"],
  ["Kode OTP Anda adalah 482913. JANGAN BERIKAN kepada siapa pun.", "482913"],
];

/** Texts with figures and no code. */
const withoutCode: readonly string[] = [
  "Your package with order number 482913 has shipped.",
  "Your appointment is on 22/11/2026 at 14:30.",
  "Call us at 415-555-1234 or 1-800-555-0199.",
  "Your balance is $1250. Thank you.",
  "Your bill of 4500 USD is due on 2026-12-01.",
  "Use promo code SAVE20 for 20% off until 2026!",
  "Your discount code is 482913. Enjoy 15% off your next order.",
  "Your zip code is 94103, right?",
  "What area code do you want, 415 or 6500?",
  "Flight 4821 departs from gate 1204 at 18:05.",
  "Meet me at 1600 Pennsylvania Ave",
  "Happy New Year 2026!",
  "2026",
  "Thanks!",
  "",
  "STOP",
  "We will never ask for your password. Call 8005551234 if in doubt.",
  "Your password was changed on 12/05/2026. Not you? Call 1-800-555-0199.",
  "Your PIN was changed. Your reference is 4821993.",
  "Your verification is complete. Ticket #48219 is closed.",
  "Log in at https://example.com/login/482913 to see your statement.",
  "New sign-in from 192.168.1.100 on 2026-11-22.",
  "Your account ending in 4321 was debited Rs 5000. Not you? Change your PIN.",
  "Card **** 4321 was used for EUR 1250. If it was not you, change your password.",
  "Your code is valid for 1800 seconds.",
  "Your code has expired. Please ask for a new one.",
  "Your code is EXPIRED.",
  "Error code 5031: please try again.",
  "You earned 12500 points! Log in to see them.",
  "Login to win 50000 dollars",
  "Text YES to 48291 to verify your interest.",
  "+14155551234",
  "415-555-1234",
  "07911 123456 is my new number, use your code word when you call",
  "The dress code is black tie, 2026 style.",
  "Since 1998 we verify every seller.",
  "Your Windows11 login worked.",
  "The code review takes 24HRS.",
  "$4500",
  "Room 1204, 3rd floor. PIN pads are broken.",
  "Invoice 20261122 was paid. Sign in to download it.",
];

describe("one-time codes", () => {
  test.each(withCode)("codes: %j holds %s", (body, code) => {
    expect(extractOtp(body)).toBe(code);
  });

  test.each(withoutCode)("codes: %j holds none", (body) => {
    expect(extractOtp(body)).toBeUndefined();
  });

  test("codes: the corpus is large enough to mean something", () => {
    expect(withCode.length).toBeGreaterThanOrEqual(60);
    expect(withoutCode.length).toBeGreaterThanOrEqual(40);
  });

  test.each([
    ["digits and spaces", "1 ".repeat(20_000)],
    ["words for codes", "code ".repeat(8_000)],
    ["dashes", "A1-".repeat(14_000)],
    ["dots", "a.".repeat(20_000)],
    ["letters", "k".repeat(40_000)],
    ["a word for a code and figures", `code ${"12:".repeat(14_000)}`],
    ["at signs", "@".repeat(40_000)],
  ])("codes: a text of nothing but %s is read in steps that do not multiply", (_name, body) => {
    // What hangs is ended by the test's own time limit.
    for (let i = 0; i < 20; i++) extractOtp(body);
    expect(extractOtp(`${body} code 482913`)).not.toBe("482913");
  });
});
