import type { Metrics } from "../../../kit/metrics.ts";
import type { ConversationNews } from "../conversation.ts";

/** Counts and times what a call tells. */
export function measureNews(news: ConversationNews, metrics: Metrics): void {
  switch (news.type) {
    case "turn": {
      const { callerLastVoicedAtMs, firstFrameOnWireAtMs } = news.turn;
      if (callerLastVoicedAtMs === undefined || firstFrameOnWireAtMs === undefined) return;
      metrics.turnLatencySeconds.observe((firstFrameOnWireAtMs - callerLastVoicedAtMs) / 1000);
      return;
    }
    case "interruption": {
      const { onsetAtMs, silencedAtMs } = news.interruption;
      metrics.bargeInStopSeconds.observe(Math.max(0, silencedAtMs - onsetAtMs) / 1000);
      return;
    }
    case "tool-ended":
      metrics.toolCalls.inc({ result: news.ok ? "ok" : "error" });
      return;
  }
}
