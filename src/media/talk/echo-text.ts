/** The agent's last words that are looked at: about 20 s of speech. */
const agentWords = 60;
/** Longer transcripts are cut: the comparison takes their product. */
const callerWords = 200;
/** Letters of a long word; texts are cut by letters first, since finding the words is what takes the time. */
const wordLetters = 12;
/** Shorter ones are never called echo: people answer with the question's own words ("to sales or support?" – "support"). */
const minWords = 4;
/** Part of the caller's words that are the agent's, in the same order, and part of the neighbours that are neighbours there too. */
const minWordsShared = 0.8;
const minPairsShared = 0.7;

const segmenter = new Intl.Segmenter(undefined, { granularity: "word" });

/** True when what the recogniser took for the caller is mostly the agent's own last words (ai-providers §7.4, §10.4). */
export function isEchoOfAgent(callerText: string, recentAgentText: string): boolean {
  const caller = words(callerText.slice(0, callerWords * wordLetters)).slice(0, callerWords);
  if (caller.length < minWords) return false;
  const agent = words(recentAgentText.slice(-agentWords * wordLetters)).slice(-agentWords);
  return (
    longestCommonSubsequence(caller, agent) >= caller.length * minWordsShared &&
    sharedPairs(caller, agent) >= (caller.length - 1) * minPairsShared
  );
}

/** Words in one case and spelling, without punctuation. */
function words(text: string): string[] {
  const list: string[] = [];
  for (const { segment, isWordLike } of segmenter.segment(text.normalize("NFKC").toLowerCase())) {
    if (isWordLike) list.push(segment.replace(/['’]/g, ""));
  }
  return list;
}

function longestCommonSubsequence(a: readonly string[], b: readonly string[]): number {
  const row = new Uint16Array(b.length + 1);
  for (const word of a) {
    let diagonal = 0;
    for (let j = 1; j <= b.length; j += 1) {
      const above = row[j]!;
      row[j] = word === b[j - 1] ? diagonal + 1 : Math.max(above, row[j - 1]!);
      diagonal = above;
    }
  }
  return row[b.length]!;
}

function sharedPairs(a: readonly string[], b: readonly string[]): number {
  const pairs = new Set<string>();
  for (let j = 1; j < b.length; j += 1) pairs.add(`${b[j - 1]} ${b[j]}`);
  let shared = 0;
  for (let i = 1; i < a.length; i += 1) if (pairs.has(`${a[i - 1]} ${a[i]}`)) shared += 1;
  return shared;
}
