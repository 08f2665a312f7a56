// Names of hosts: which are one, and how one is shown so that it can't pass for another.
// chat/protocol/hosts.py has the same lists; a test compares them.

// Country codes, and names that people leave "https://" away from. Not those that are endings of
// files too (md, py, sh, rs, zip …), or words that stand behind a dot in code (name, page, post …).
const TOPS = `
  ac ad ae af ag al am ao aq ar at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bw by bz
  ca cc cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et eu
  fi fj fk fm fo fr ga gb gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu
  id ie il im in io iq ir is it je jm jo jp ke kg kh ki km kn kp kr kw ky kz la lb lc li lk lr ls lt
  lu lv ly ma mc me mg mh mm mn mo mp mq mr ms mt mu mv mw mx my mz na nc ne nf ng ni nl no np nr nu
  nz om pa pe pf pg ph pk pl pm pn pr pt pw qa re ro ru rw sa sb sc sd se sg si sj sk sl sm sn sr st
  su sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tv tw tz ua ug uk us uy uz va vc ve vg vn vu
  wf ws ye yt za zm zw
  com org net edu gov mil int info biz aero coop museum travel cat asia tel
  app dev web blog cloud online site website shop tech xyz art chat club news social wiki agency
  games email berlin hamburg wien london paris nyc tokyo amsterdam bayern swiss
  рф рус укр бел срб мкд бг ελ ею қаз გე հայ 中国 中國 台灣 台湾 香港 新加坡 한국 삼성 みんな
  ไทย भारत ישראל مصر السعودية امارات ایران المغرب الجزائر تونس قطر عمان
`
  .trim()
  .split(/\s+/);
const TOP = new Set(TOPS);

// A label of one of these, and of no other, is as plain as it looks.
const SCRIPTS = `
  Cyrillic Greek Arabic Hebrew Armenian Georgian Thai Lao Khmer Myanmar Sinhala Ethiopic
  Devanagari Bengali Gurmukhi Gujarati Oriya Tamil Telugu Kannada Malayalam
`
  .trim()
  .split(/\s+/);
const LATIN = "a-zß-öø-ÿ\\u0100-\\u024f\\u1e00-\\u1eff";
const EAST = [
  "\\p{sc=Han}\\p{sc=Hiragana}\\p{sc=Katakana}ー",
  "\\p{sc=Han}\\p{sc=Hangul}",
  "\\p{sc=Han}\\p{sc=Bopomofo}",
];
const LETTERS = [LATIN, ...EAST, ...SCRIPTS.map((script) => `\\p{sc=${script}}\\p{M}`)];
const ONE_SCRIPT = new RegExp(`^(?:${LETTERS.map((letters) => `[${letters}0-9_-]+`).join("|")})$`, "u");

// Letters of Cyrillic, Greek and Armenian that the eye takes for Latin ones.
const LOOK_LATIN = "аеорсухіїјѕԁһӏԛԝѵѡҽпгьвкмнтёґԍαγικνορτυχωέίόύοօոսհցյք";
const ALL_LOOK_LATIN = new RegExp(`^[${LOOK_LATIN}0-9_-]+$`, "u");
const WELL_KNOWN = `
  adobe airbnb aliexpress amazon americanexpress apple baidu bankofamerica bbc binance bing bitbucket blogger
  booking chase cnn coinbase discord disney dropbox ebay etsy facebook fedex github gitlab gmail google hotmail
  icloud imdb instagram kraken linkedin live mastercard medium metamask microsoft mozilla netflix nytimes office
  openai outlook paypal pinterest quora reddit revolut roblox shopify signal skype slack snapchat spotify
  stackoverflow steamcommunity stripe telegram tiktok tumblr twitch twitter uber visa vk wellsfargo whatsapp
  wikipedia wordpress yahoo yandex youtube zoom
`
  .trim()
  .split(/\s+/);
const KNOWN = new Set(WELL_KNOWN);
const [MARKED, UNMARKED] = ["ıłđðøħŧĸŋƒ", "ilddohtknf"];

const LONGEST = 253; // characters (RFC 1035, 2.3.4, without the bytes that only the wire has)
const ASCII = /^[ -~]*$/;
const BYTE = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const QUAD = new RegExp(`^${BYTE}(?:\\.${BYTE}){3}$`);
const NUMBER = /^(?:\d+|0x[\da-f]*)$/;

export const isTop = (label) => TOP.has(label.toLowerCase());

// { ascii, shown } of a host as it was typed, or null where it is none.
export function readHost(typed) {
  if (ASCII.test(typed)) return isDisguised(typed.toLowerCase()) ? null : { ascii: typed, shown: typed };
  // To write a long one in ASCII takes the square of its length.
  if (typed.length > LONGEST) return null;
  const ascii = toAscii(typed.toLowerCase());
  // An address in other digits is disguised, whatever it is.
  return ascii && !endsInNumber(ascii) ? { ascii, shown: isPlain(typed) ? typed : ascii } : null;
}

// What ends in a number is an IPv4 address, and in another form than four bytes a disguise.
const isDisguised = (host) => endsInNumber(host) && !QUAD.test(host);

const endsInNumber = (host) => NUMBER.test(host.slice(host.lastIndexOf(".") + 1));

function toAscii(host) {
  try {
    return new URL(`https://${host}`).hostname;
  } catch {
    return null;
  }
}

function isPlain(typed) {
  const labels = typed.toLowerCase().split(".");
  return (
    // As typed: in lower case the Kelvin sign is a plain k.
    typed === typed.normalize("NFKC") && labels.every((label) => ONE_SCRIPT.test(label)) && !labels.some(isLookalike)
  );
}

const isLookalike = (label) => !ASCII.test(label) && (ALL_LOOK_LATIN.test(label) || KNOWN.has(bare(label)));

const bare = (label) =>
  Array.from(
    label.normalize("NFD").replace(/\p{M}/gu, ""),
    (letter) => UNMARKED[MARKED.indexOf(letter)] ?? letter,
  ).join("");
